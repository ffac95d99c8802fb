// Package process starts and ends other programs: Envoy, the parts of a sandbox, the servers of tests. Use it for every
// program that runs in the background; for one whose output a call waits for, use os/exec.
package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Command says which program to start, and how.
type Command struct {
	Name string // in errors; the program's own if empty
	Argv []string
	Dir  string            // working directory; ours if empty
	Env  map[string]string // added to our own environment

	// Output is a file that the program's standard output and error are appended to. If it is empty they go to Stdout and
	// Stderr, which may be nil.
	Output         string
	Stdout, Stderr io.Writer

	// Outlives keeps the program running when this process ends. Any other program ends with this process: on Linux the
	// kernel ends it in any case; elsewhere only End does.
	Outlives bool
}

// Process is a program that was started. It is safe for concurrent use.
type Process struct {
	name, output string
	command      *exec.Cmd
	ended        chan struct{}
	err          error // valid once it has ended
}

// Start starts a program in its own process group: Ctrl-C in a terminal does not reach it, so that the caller can end several
// programs in order.
func Start(c Command) (*Process, error) {
	p := &Process{name: c.Name, output: c.Output, ended: make(chan struct{})}
	if p.name == "" {
		p.name = filepath.Base(c.Argv[0])
	}
	p.command = exec.Command(c.Argv[0], c.Argv[1:]...) //nolint:gosec,noctx // the caller's command; End ends it, no context
	p.command.Dir, p.command.Stdout, p.command.Stderr = c.Dir, c.Stdout, c.Stderr
	p.command.SysProcAttr = attributes(c.Outlives)
	p.command.Env = os.Environ()
	for name, value := range c.Env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	if c.Output != "" {
		file, err := os.OpenFile(c.Output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer file.Close() // the program has its own descriptor
		p.command.Stdout, p.command.Stderr = file, file
	}
	started := make(chan error)
	go p.run(started)
	return p, <-started
}

// run starts the program and waits for its end on one thread: Linux sends the parent-death signal when the thread that
// started the program ends.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	err := p.command.Start()
	started <- err
	if err == nil {
		p.err = p.command.Wait()
		close(p.ended)
	}
}

// PID is the process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err waits for the end of the program and returns how it ended: nil for exit status 0, an *exec.ExitError for another
// one or a signal.
func (p *Process) Err() error {
	<-p.ended
	return p.err
}

// EndsWithin waits at most for patience and reports whether the program has ended.
func (p *Process) EndsWithin(patience time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

// Signal sends a signal, if the program still runs.
func (p *Process) Signal(signal syscall.Signal) {
	_ = p.command.Process.Signal(signal) // it may have ended
}

// End sends SIGTERM, and SIGKILL after the grace period, and returns when the program has ended. It reports whether SIGKILL
// was needed.
func (p *Process) End(grace time.Duration) (killed bool) {
	p.Signal(syscall.SIGTERM)
	if p.EndsWithin(grace) {
		return false
	}
	p.Signal(syscall.SIGKILL)
	<-p.ended
	return true
}

const (
	firstPause = 5 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// Await calls the probe repeatedly until it returns nil. It gives up when the context ends, and at once when one of the given
// processes ends: the error then names it, with the last lines of its output.
func Await(ctx context.Context, probe func(context.Context) error, needed ...*Process) error {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		for _, p := range needed {
			if p.EndsWithin(0) {
				return fmt.Errorf("the %s has ended (%s)\n%s", p.name, p.command.ProcessState, Tail(p.output))
			}
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// Tail returns the last lines of an output file, which usually say why a program ended. It returns "" if there is no such
// file.
func Tail(output string) string {
	text, err := os.ReadFile(output)
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// Running reports whether a process id belongs to the given program, with a working directory in or below a folder, and not
// to another process that received the same id later.
func Running(pid int, program, dir string) bool {
	if pid <= 0 {
		return false
	}
	cwd, name, err := look(pid)
	if err != nil || filepath.Base(name) != filepath.Base(program) {
		return false
	}
	if cwd == "" { // unknown on this system
		return true
	}
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	below, err := filepath.Rel(home, cwd)
	return err == nil && filepath.IsLocal(below)
}
