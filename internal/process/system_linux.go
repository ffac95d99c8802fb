package process

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// attributes put a program into a group of its own, which the kernel ends with us unless it is to outlive us.
func attributes(outlives bool) *syscall.SysProcAttr {
	if outlives {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// look returns the working folder of a process and its program, as it calls itself: redis-server writes "redis-server
// 127.0.0.1:6379". There is an error where no process has the id, or only the remains of one.
func look(pid int) (cwd, program string, err error) {
	if cwd, err = os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "", "", err
	}
	program, _, _ = strings.Cut(string(text), "\x00")
	program, _, _ = strings.Cut(program, " ")
	return cwd, program, nil
}
