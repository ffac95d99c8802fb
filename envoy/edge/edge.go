// Package edge runs Envoy and shuts it down without losing a request. On SIGTERM Envoy itself exits at once and drops
// every request in flight; with this package the SIGTERM of a pod goes to us instead.
package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// Options say which Envoy to run, and how long it may take to end.
type Options struct {
	// Argv is the command that starts Envoy. Run adds what Envoy must be told besides its configuration, unless it is there:
	// see Command.
	Argv []string

	// DrainTime is edge.drain_time of routes.yaml, in whole seconds: how long a connection may outlive the listener, or the
	// settings of one, that it was made on.
	DrainTime time.Duration

	Admin socket.Local // of its admin interface

	// Health is HOST:PORT where probes and scrapers are answered, also while Envoy drains; nowhere when "". GET /healthz is 200
	// while Envoy's main thread answers, GET /readyz while it has a configuration and is not being drained. GET /metrics has
	// Envoy's statistics.
	Health string

	// Drain is the longest time for which Envoy keeps accepting requests during a shutdown. It must be longer than load
	// balancers need to notice that Envoy is not ready. If no request arrives for a second, draining ends early. Requests
	// in flight when the time is over get five more seconds; our own supervisor should allow 15 seconds more than Drain.
	Drain time.Duration

	Stdout, Stderr io.Writer // of Envoy; none when nil
	Log            *slog.Logger
}

// Command returns the command that starts Envoy with the options for changed listeners, which its configuration cannot hold.
// Clients on old settings are sent away with their next response (immediate), and by the drain time all are gone; without
// the options that takes Envoy 10 minutes. Hot restart is off: its socket would let only one Envoy run on a machine. Options
// that the command has already stay as they are.
func Command(argv []string, drainTime time.Duration) []string {
	has := func(options ...string) bool {
		return slices.ContainsFunc(argv, func(argument string) bool {
			name, _, _ := strings.Cut(argument, "=")
			return slices.Contains(options, name)
		})
	}
	argv = slices.Clone(argv)
	if !has("--drain-time-s") {
		argv = append(argv, "--drain-time-s", strconv.Itoa(int(drainTime.Seconds())))
	}
	if !has("--drain-strategy") {
		argv = append(argv, "--drain-strategy", "immediate")
	}
	if !has("--disable-hot-restart", "--base-id", "--use-dynamic-base-id", "--restart-epoch") {
		argv = append(argv, "--disable-hot-restart")
	}
	return argv
}

// Run starts Envoy and returns when it has exited: nil for status 0, an *Exit for any other.
//
// When the context ends, Envoy is drained. It reports that it is not ready, and tells clients with every response to leave
// (connection: close, GOAWAY). It keeps listening, because load balancers take a while to notice and clients come back,
// until no request is in flight and none has arrived for a second, or until Drain has passed. Then it stops listening,
// answers what is left, and exits. Each step is bounded; the last one is SIGKILL.
//
// At SIGHUP Envoy reopens its access log.
//
// On Linux Envoy does not outlive this process, however this process ends.
func Run(ctx context.Context, o Options) error { return run(ctx, o, usual) }

// times bound the steps of a shutdown.
type times struct {
	quiet  time.Duration // without a new request, after which no more are expected
	rest   time.Duration // for requests in flight once Envoy has stopped listening
	answer time.Duration // for one response of the admin interface
	grace  time.Duration // to exit, after quitquitquit and after SIGTERM
}

var usual = times{quiet: time.Second, rest: 5 * time.Second, answer: time.Second, grace: 2 * time.Second}

func run(ctx context.Context, o Options, t times) error {
	if len(o.Argv) == 0 {
		return errors.New("envoy: no command to start it")
	}
	admin := newAdmin(o.Admin, t.answer)
	defer admin.close()
	stop, err := serveHealth(ctx, o.Health, o.Admin, o.Log)
	if err != nil {
		return err
	}
	defer stop()
	envoy, err := process.Start(process.Command{Name: "envoy", Argv: Command(o.Argv, o.DrainTime), Stdout: o.Stdout, Stderr: o.Stderr})
	if err != nil {
		return fmt.Errorf("envoy: %w", err)
	}
	o.Log.InfoContext(ctx, "envoy runs", "pid", envoy.PID())
	d := drain{admin: admin, log: o.Log, times: t}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for running := true; running; {
		select {
		case <-envoy.Ended():
			return status(envoy)
		case <-hangups: // the access log was renamed
			d.tell(ctx, "/reopen_logs")
		case <-ctx.Done():
			running = false
		}
	}
	alive, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		<-envoy.Ended() // at the latest when run returns
		cancel()
	}()
	d.empty(alive, o.Drain)
	d.end(alive, envoy)
	return status(envoy)
}

// An Exit says how Envoy ended: with a status other than 0, or by a signal.
type Exit struct{ State *os.ProcessState }

// Error names the status or the signal.
func (e *Exit) Error() string { return "envoy has ended: " + e.State.String() }

// ExitCode is Envoy's own, or 128 plus the signal's number, as in a shell.
func (e *Exit) ExitCode() int {
	if status, ok := e.State.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return e.State.ExitCode()
}

// status waits until Envoy has exited, and returns nil for status 0.
func status(envoy *process.Process) error {
	if exit, ok := errors.AsType[*exec.ExitError](envoy.Err()); ok {
		return &Exit{State: exit.ProcessState}
	}
	return envoy.Err()
}
