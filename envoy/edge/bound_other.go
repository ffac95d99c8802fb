//go:build !linux

package edge

import "syscall"

// bound is for a process of its own group, which Ctrl-C in a terminal does not reach.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
