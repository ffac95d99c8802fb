package world

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// grace is how long a part may take to end by itself.
const grace = 5 * time.Second

// child is a part that this process started.
type child struct {
	name    string
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended
	err     error         // why; to be read once it has ended
}

// command makes a part's command. Its process is in a group of its own, so that Ctrl-C in a terminal reaches the
// sandbox alone, which stops the parts in their order.
func command(dir, name string, process worldfile.Process) (*exec.Cmd, error) {
	output, err := os.OpenFile(outputFile(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c := exec.Command(process.Argv[0], process.Argv[1:]...) // it is ours, and outlives any context
	c.Dir = filepath.Join(dir, process.Dir)
	c.Env = os.Environ()
	for name, value := range process.Env {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Stdout, c.Stderr = output, output
	return c, nil
}

// spawner starts processes from one thread that lives as long as the spawner: Linux ends a process with its parent's
// death signal already when the thread ends that started it.
type spawner chan func()

func newSpawner() spawner {
	jobs := make(spawner)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for job := range jobs {
			job()
		}
	}()
	return jobs
}

// start starts a part that is not to outlive this process.
func (s spawner) start(dir, name string, process worldfile.Process) (*child, error) {
	c, err := command(dir, name, process)
	if err != nil {
		return nil, err
	}
	c.SysProcAttr = bound()
	failed := make(chan error)
	s <- func() { failed <- c.Start() }
	err = <-failed
	_ = c.Stdout.(*os.File).Close() // the child has its own
	if err != nil {
		return nil, err
	}
	started := &child{name: name, command: c, ended: make(chan struct{})}
	go func() {
		started.err = c.Wait()
		close(started.ended)
	}()
	return started, nil
}

// stop ends the part, the hard way when it does not listen.
func (c *child) stop() {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = c.command.Process.Signal(signal) // it may be gone
		select {
		case <-c.ended:
			return
		case <-time.After(grace):
		}
	}
}

// tail is the last of what a part has written: why it ended, most of the time.
func tail(dir, name string) string {
	text, err := os.ReadFile(outputFile(dir, name))
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}
