// Package edge runs Envoy and ends it without losing a request. Envoy itself ends at once when it is sent SIGTERM, with
// all that is under way; this package is what a pod's SIGTERM goes to instead.
package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// Options say which Envoy to run, and how long it may take to end.
type Options struct {
	// Argv is the command that starts Envoy. What it says about draining is for listeners that routes.yaml changes, not for
	// the end: --drain-time-s should be edge.drain_time of that file, and --drain-strategy immediate, so that connections
	// under old settings are told to go with their next answer and not some time later.
	Argv []string

	Admin string // address of its admin interface, unix:PATH

	// Drain is how long Envoy goes on to take requests, at most, once it is to end. It must be longer than load balancers
	// need to notice that it is not ready. When nobody brings anything for a second it ends before. Requests that are under
	// way when the time has passed have five seconds more; a supervisor of ours should grant 15 seconds above Drain.
	Drain time.Duration

	Stdout, Stderr io.Writer // of Envoy; none when nil
	Log            *slog.Logger
}

// Run starts Envoy and returns when it has ended: nil where its status was 0, an *Exit where it was another.
//
// When the context ends, Envoy is drained. First it says that it is not ready any more, and with every answer that the
// client is to leave: connection: close, GOAWAY. It goes on to listen, since load balancers take a while to notice and
// clients that leave come again, until no request is under way and none has come for a second, or Drain has passed. Then
// it stops to listen, answers what is left, and ends. Each step is bounded, and the last one is SIGKILL.
//
// On Linux Envoy does not outlive this process, however that ends.
func Run(ctx context.Context, o Options) error { return run(ctx, o, usual) }

// times bound the steps of an end.
type times struct {
	quiet  time.Duration // without anything new, until nobody is taken to come any more
	rest   time.Duration // for requests under way when no more are taken
	answer time.Duration // for one answer of the admin interface
	grace  time.Duration // to end, after quitquitquit and after SIGTERM
}

var usual = times{quiet: time.Second, rest: 5 * time.Second, answer: time.Second, grace: 2 * time.Second}

func run(ctx context.Context, o Options, t times) error {
	if len(o.Argv) == 0 {
		return errors.New("envoy: no command to start it")
	}
	admin, err := newAdmin(o.Admin, t.answer)
	if err != nil {
		return err
	}
	defer admin.close()
	envoy, err := process.Start(process.Command{Name: "envoy", Argv: o.Argv, Stdout: o.Stdout, Stderr: o.Stderr})
	if err != nil {
		return fmt.Errorf("envoy: %w", err)
	}
	o.Log.InfoContext(ctx, "envoy runs", "pid", envoy.PID())
	select {
	case <-envoy.Ended():
		return status(envoy)
	case <-ctx.Done():
	}
	alive, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		<-envoy.Ended() // at the latest when run returns
		cancel()
	}()
	d := drain{admin: admin, log: o.Log, times: t}
	d.empty(alive, o.Drain)
	d.end(alive, envoy)
	return status(envoy)
}

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

// status waits for Envoy's end. It is nil where Envoy ended with 0.
func status(envoy *process.Process) error {
	if exit, ok := errors.AsType[*exec.ExitError](envoy.Err()); ok {
		return &Exit{State: exit.ProcessState}
	}
	return envoy.Err()
}
