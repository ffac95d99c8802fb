package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// Restart starts the parts of a world that have ended, as world.json says, and writes their new process ids into it.
// It returns their names when all of them serve.
func Restart(ctx context.Context, dir string) ([]string, error) {
	w, err := worldfile.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("there is no sandbox in %s: %w", dir, err)
	}
	if !locked(dir) {
		return nil, fmt.Errorf("the sandbox in %s was stopped; start a new one without --restart", dir)
	}
	var restarted []string
	for _, step := range [][]string{foundations(), gateway()} {
		for _, name := range step {
			process, known := w.Processes[name]
			if !known || alive(dir, process) {
				continue
			}
			if process.PID, err = detach(dir, name, process); err != nil {
				return restarted, fmt.Errorf("start the %s: %w", name, err)
			}
			w.Processes[name] = process
			restarted = append(restarted, name)
			// At once: whoever stops the world must know of every part.
			if err := w.Write(dir); err != nil {
				return restarted, err
			}
		}
		gone := func() error { return ended(dir, w, restarted) }
		if err := await(ctx, dir, w, step, gone); err != nil {
			return restarted, err
		}
	}
	return restarted, nil
}

// renaming is longer than a process takes to write its own title: redis-server has none for a moment, as if it had ended.
const renaming = 100 * time.Millisecond

// ended tells of a part that has ended again.
func ended(dir string, w *worldfile.World, names []string) error {
	for _, name := range names {
		if alive(dir, w.Processes[name]) {
			continue
		}
		if time.Sleep(renaming); !alive(dir, w.Processes[name]) {
			return fmt.Errorf("the %s ended at once\n%s", name, tail(dir, name))
		}
	}
	return nil
}

// detach starts a part that outlives this process.
func detach(dir, name string, process worldfile.Process) (pid int, err error) {
	c, err := command(dir, name, process)
	if err != nil {
		return 0, err
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	if err := errors.Join(err, c.Stdout.(*os.File).Close()); err != nil {
		return 0, err
	}
	pid = c.Process.Pid // Release forgets it
	return pid, c.Process.Release()
}
