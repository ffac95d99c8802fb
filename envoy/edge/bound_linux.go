package edge

import "syscall"

// bound is for a process of its own group, which Ctrl-C in a terminal does not reach, and which the kernel ends when this
// process dies, however it dies.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
