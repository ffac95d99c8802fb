//go:build !linux

package world

import "syscall"

// bound is for a process of its own group.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
