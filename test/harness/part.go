package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// patience is how long a part may take to end.
const patience = 10 * time.Second

// PID is the process id of a part as it runs now.
func (w *World) PID(part string) (int, error) {
	now, err := worldfile.Read(w.Dir)
	if err != nil {
		return 0, err
	}
	process, ok := now.Processes[part]
	if !ok || process.PID <= 0 {
		return 0, fmt.Errorf("world.json names no %s", part)
	}
	return process.PID, nil
}

// Freeze sends SIGSTOP to a part and returns when all its threads have stopped, or after a moment if the system does not show
// threads. Signal with SIGCONT resumes the part.
func (w *World) Freeze(part string) error {
	pid, err := w.PID(part)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	for range 200 {
		time.Sleep(5 * time.Millisecond)
		if frozen(pid) {
			return nil
		}
	}
	return fmt.Errorf("the %s is still running a second after SIGSTOP", part)
}

func frozen(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return true
	}
	return !slices.ContainsFunc(threads, func(thread string) bool {
		stat, err := os.ReadFile(thread)
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && !strings.HasPrefix(strings.ToUpper(state), "T") // t where it is recorded
	})
}

// Signal sends a signal to a part, as SIGCONT to one that is frozen.
func (w *World) Signal(part string, signal syscall.Signal) error {
	pid, err := w.PID(part)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, signal)
}

// Kill ends a part with kill -9 and returns when it has ended. It stays down until Restart.
func (w *World) Kill(part string) error { return w.end(part, syscall.SIGKILL, patience) }

func (w *World) end(part string, signal syscall.Signal, patience time.Duration) error {
	pid, err := w.PID(part)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, signal); err != nil {
		return fmt.Errorf("end the %s: %w", part, err)
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(2 * time.Millisecond) {
		if gone(pid) {
			return nil
		}
	}
	return fmt.Errorf("the %s has not ended %s after the signal %s", part, patience, signal)
}

// gone says whether a process has ended.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// Restart brings back every part that is down, and returns when all of them serve.
func (w *World) Restart(ctx context.Context) error {
	_, err := world.Restart(ctx, w.Dir)
	return err
}

// Impersonate kills a part and serves its address with the handler instead, until release is called: the test sees what
// the others send to it. The registry is impersonated on its socket, the directory with its TLS certificate. Release
// leaves the part down; Restart brings it back.
func (w *World) Impersonate(tb testing.TB, part string, handler http.Handler) (release func()) {
	tb.Helper()
	if err := w.Kill(part); err != nil {
		tb.Fatal(err)
	}
	listener, err := w.listenAs(part)
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if part == Directory {
			_ = server.ServeTLS(listener, w.Path("directory/server.pem"), w.Path("directory/server.key")) // until release
			return
		}
		_ = server.Serve(listener) // until release
	}()
	release = sync.OnceFunc(func() {
		_ = server.Close() // the connections with it
		<-served
	})
	tb.Cleanup(release)
	return release
}

func (w *World) listenAs(part string) (net.Listener, error) {
	network, address := w.where(part)
	if network == "unix" {
		if err := os.Remove(address); err != nil {
			return nil, err
		}
	}
	return net.Listen(network, address)
}

// where is the network and the address that a part listens on.
func (w *World) where(part string) (network, address string) {
	address = w.Address(part)
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		return "unix", w.Path(filepath.Join(w.File.Processes[part].Dir, path))
	}
	return "tcp", address
}

// flag is the value that follows a flag.
func flag(arguments []string, name string) (string, bool) {
	for i := range len(arguments) - 1 {
		if arguments[i] == name {
			return arguments[i+1], true
		}
	}
	return "", false
}

// Address is where a part listens, as its command line says it.
func (w *World) Address(part string) string {
	address, _ := flag(w.File.Processes[part].Argv, "--listen")
	return address
}
