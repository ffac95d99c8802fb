package world

import "syscall"

// bound is for a process of its own group that the kernel ends when this process dies, however it dies.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
