package world

import (
	"fmt"
	"os"
	"strings"
)

// running tells the working folder and the program of a process; an error when there is none, or only its remains.
func running(pid int) (cwd, program string, err error) {
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
