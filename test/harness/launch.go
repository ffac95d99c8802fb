package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// Launch starts one part that is down, as world.json says, and writes its new process id there. Other than Restart it
// starts no other part and does not wait until this one serves: a test sees what clients see in between.
func (w *World) Launch(part string) error {
	now, err := worldfile.Read(w.Dir)
	if err != nil {
		return err
	}
	process, known := now.Processes[part]
	if !known || len(process.Argv) == 0 {
		return fmt.Errorf("world.json names no %s", part)
	}
	if process.PID, err = w.spawn(part, process); err != nil {
		return fmt.Errorf("start the %s: %w", part, err)
	}
	now.Processes[part] = process
	return now.Write(w.Dir)
}

func (w *World) spawn(part string, process worldfile.Process) (pid int, err error) {
	output, err := os.OpenFile(w.Path(filepath.Join("logs", part+".out")), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer output.Close() // the child has its own
	command := exec.Command(process.Argv[0], process.Argv[1:]...)
	command.Dir = w.Path(process.Dir)
	command.Env = os.Environ()
	for name, value := range process.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return 0, err
	}
	pid = command.Process.Pid // Release forgets it
	return pid, command.Process.Release()
}

// Terminate ends a part with SIGTERM and returns when it has ended by itself. It stays down until Launch or Restart.
func (w *World) Terminate(part string, patience time.Duration) error {
	pid, err := w.PID(part)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end the %s: %w", part, err)
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(10 * time.Millisecond) {
		if w.gone(part, pid) {
			return nil
		}
	}
	return fmt.Errorf("the %s has not ended %s after SIGTERM", part, patience)
}

// Running says whether a part's process, as world.json has it, is there.
func (w *World) Running(part string) bool {
	pid, err := w.PID(part)
	return err == nil && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !w.gone(part, pid)
}

// AskEnvoy asks something of Envoy's admin interface. An answer that is not 200 is an error, with the body.
func (w *World) AskEnvoy(ctx context.Context, method, path string) ([]byte, error) {
	return w.askSocket(ctx, w.File.Internal.Admin, method, path)
}
