package process

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// attributes put a program into its own group; the kernel ends it with this process unless it must outlive it.
func attributes(outlives bool) *syscall.SysProcAttr {
	if outlives {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// look returns the working directory of a process and its program, under the name it gives itself: redis-server sets
// "redis-server 127.0.0.1:6379". It fails if no process has the id, or only a zombie.
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
