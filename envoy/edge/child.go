package edge

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// An Exit is how Envoy ended: with a status that is not 0, or by a signal.
type Exit struct{ State *os.ProcessState }

// Error says how.
func (e *Exit) Error() string { return "envoy has ended: " + e.State.String() }

// ExitCode is Envoy's own, or that which a shell gives a command that a signal has ended.
func (e *Exit) ExitCode() int {
	if status, ok := e.State.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return e.State.ExitCode()
}

// child is the running Envoy.
type child struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended
	err     error         // why; to be read once it has ended
}

// start starts Envoy. The thread that does so is kept for as long as Envoy runs: Linux sends a process its parent's death
// signal already when the thread ends that started it.
func start(o Options) (*child, error) {
	c := &child{command: exec.Command(o.Argv[0], o.Argv[1:]...), ended: make(chan struct{})} //nolint:gosec,noctx // the operator's command; it is ended by draining
	if o.Stdout != nil {
		c.command.Stdout = o.Stdout
	}
	if o.Stderr != nil {
		c.command.Stderr = o.Stderr
	}
	c.command.SysProcAttr = bound()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := c.command.Start()
		started <- err
		if err == nil {
			c.err = c.command.Wait()
			close(c.ended)
		}
	}()
	return c, <-started
}

// status is nil where Envoy ended with 0. It waits for its end.
func (c *child) status() error {
	<-c.ended
	if exit, ok := errors.AsType[*exec.ExitError](c.err); ok {
		return &Exit{State: exit.ProcessState}
	}
	return c.err
}

// while returns a context that ends with Envoy.
func (c *child) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-c.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// endsWithin waits for Envoy's end.
func (c *child) endsWithin(patience time.Duration) bool {
	select {
	case <-c.ended:
		return true
	case <-time.After(patience):
		return false
	}
}
