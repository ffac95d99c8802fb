package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Resident is the memory of a part in bytes: of its process and of those that it has started. It is known on Linux
// alone; elsewhere there is an error.
func (w *World) Resident(part string) (int64, error) {
	kibibytes, err := w.sum(part, func(pid int) (int64, error) {
		return statusNumber(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:")
	})
	return kibibytes << 10, err
}

// sum adds up what each process of a part has: its own and those that it has started.
func (w *World) sum(part string, of func(pid int) (int64, error)) (sum int64, err error) {
	pid, err := w.PID(part)
	if err != nil {
		return 0, err
	}
	tree, err := processTree(pid)
	if err != nil {
		return 0, err
	}
	for _, pid := range tree {
		value, err := of(pid)
		if err != nil {
			return 0, err
		}
		sum += value
	}
	return sum, nil
}

// processTree is a process and those that it and they have started.
func processTree(root int) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, file := range files {
		parent, err := statusNumber(file, "PPid:")
		if err != nil {
			continue // it has ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		children[int(parent)] = append(children[int(parent)], pid)
	}
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree, nil
}

// statusNumber reads a line of a process's status.
func statusNumber(file, name string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name); found {
			return strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", file, name)
}
