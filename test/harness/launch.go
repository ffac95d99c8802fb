package harness

import (
	"context"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// Launch starts one stopped part as described in world.json, and writes its new process id there. Unlike Restart it starts no
// other part and does not wait until this one serves, so that a test sees what clients see meanwhile.
func (w *World) Launch(part string) error { return world.Launch(w.Dir, part) }

// Terminate sends SIGTERM to a part and returns when it has exited. It stays down until Launch or Restart.
func (w *World) Terminate(part string, patience time.Duration) error {
	return w.end(part, syscall.SIGTERM, patience)
}

// Running says whether a part's process, as world.json has it, is there.
func (w *World) Running(part string) bool {
	pid, err := w.PID(part)
	return err == nil && !gone(pid)
}

// AskEnvoy sends a request to Envoy's admin interface. A response other than 200 is an error, with the body.
func (w *World) AskEnvoy(ctx context.Context, method, path string) ([]byte, error) {
	return w.askSocket(ctx, w.File.Internal.Admin, method, path)
}
