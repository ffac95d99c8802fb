// Package process starts other programs and ends them: Envoy, the parts of a sandbox, the servers of tests. Use it for
// every program that outlasts one call; for one that only gives an answer, os/exec will do.
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
	Name string // in errors; the program's own when empty
	Argv []string
	Dir  string            // working folder; ours when empty
	Env  map[string]string // added to our own environment

	// Output is a file that the program's standard output and error are appended to. Where it is empty they go to Stdout
	// and Stderr, and nowhere where those are nil.
	Output         string
	Stdout, Stderr io.Writer

	// Outlives lets the program go on when this process ends. Any other program is ended with us: on Linux by the kernel,
	// however we end; elsewhere only by End.
	Outlives bool
}

// Process is a program that was started. It is safe for concurrent use.
type Process struct {
	name, output string
	command      *exec.Cmd
	ended        chan struct{}
	err          error // to be read once it has ended
}

// Start starts a program in a process group of its own: Ctrl-C in a terminal does not reach it, so that whoever started
// several can end them in order.
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
		defer file.Close() // the program has its own
		p.command.Stdout, p.command.Stderr = file, file
	}
	started := make(chan error)
	go p.run(started)
	return p, <-started
}

// run starts the program and waits for its end, both on one thread: Linux sends a program the signal that its parent is
// dead already when the thread ends that started it.
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

// EndsWithin waits for the end of the program, not longer than patience, and says whether it has ended.
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

// End sends SIGTERM, after the grace SIGKILL, and returns when the program has ended. It says whether SIGKILL was needed.
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

// Await asks the probe, again and again, until it returns nil. It gives up when the context ends, and at once when one
// of the processes has ended that the answer depends on: it then says which, with the last lines of its output.
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

// Tail returns the last lines of a file of output: why a program ended, most of the time. It is empty where there is no
// such file.
func Tail(output string) string {
	text, err := os.ReadFile(output)
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// Running says whether a process id is that of a program which runs in a folder or below it, and not of another process
// that got the same id later.
func Running(pid int, program, dir string) bool {
	if pid <= 0 {
		return false
	}
	cwd, name, err := look(pid)
	if err != nil || filepath.Base(name) != filepath.Base(program) {
		return false
	}
	if cwd == "" { // this system does not say
		return true
	}
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	below, err := filepath.Rel(home, cwd)
	return err == nil && filepath.IsLocal(below)
}
