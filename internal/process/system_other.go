//go:build !linux

package process

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// attributes put a program into its own group.
func attributes(outlives bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: outlives, Setpgid: !outlives}
}

// look returns the program of a process, or an error if there is none. The working directory is not known everywhere.
func look(pid int) (cwd, program string, err error) {
	text, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec,noctx // a number, answered at once
	return "", strings.TrimSpace(string(text)), err
}
