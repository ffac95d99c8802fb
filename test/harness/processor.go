package harness

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many of the kernel's units of processor time a second has, on every Linux of today.
const ticks = 100

// Processor is the processor time that a part has used so far: of its process and of those that it has started and that
// run. It is known on Linux alone; elsewhere there is an error.
func (w *World) Processor(part string) (time.Duration, error) {
	used, err := w.sum(part, usedTicks)
	return time.Duration(used) * time.Second / ticks, err
}

// usedTicks is the processor time that a process has used so far.
func usedTicks(pid int) (sum int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	for _, field := range []int{11, 12} { // utime and stime, which proc(5) counts from the process id
		value, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += value
	}
	return sum, nil
}
