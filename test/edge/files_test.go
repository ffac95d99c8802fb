package edge

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestEdgeFiles: Envoy runs with nothing of ours but what `edge-files` has written, as in a pod.
func TestEdgeFiles(t *testing.T) {
	usual := world.File.Processes[harness.Envoy].Argv
	program, envoy := usual[0], usual[slices.Index(usual, "--")+1]
	folder := filepath.Join(t.TempDir(), "edge")
	sockets := []string{"--xds", "unix:" + world.Path("run/xds.sock"), "--admin", "unix:" + world.Path("run/envoy-admin.sock")}
	write := exec.Command(program, append([]string{"edge-files", folder, "--routes", world.Path("routes.yaml")}, sockets...)...)
	if said, err := write.CombinedOutput(); err != nil || len(said) > 0 {
		t.Fatalf("%v: %s", err, said)
	}
	if err := world.Kill(harness.Envoy); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(t.TempDir(), "out")
	edge, err := process.Start(process.Command{
		Argv: []string{
			filepath.Join(folder, "dcr-gateway"), "edge", "--routes", world.Path("routes.yaml"), sockets[2], sockets[3], "--drain", "1s", "--",
			envoy, "-c", filepath.Join(folder, "envoy.yaml"), "--concurrency", "1", "--log-level", "warning",
		},
		Dir: world.Dir, Output: output, // the gate names its socket to Envoy as it was named to the gate: run/gate.sock
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if edge.End(20 * time.Second) {
			t.Error("it had to be killed")
		}
		if err := world.Restart(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ready := func(ctx context.Context) error { // with its listeners
		_, err := world.AskEnvoy(ctx, http.MethodGet, "/ready")
		return err
	}
	if err := process.Await(ctx, ready, edge); err != nil {
		t.Fatal(err, process.Tail(output))
	}
	client := register(t)
	if answer := client.Get(t, client.RegistrationURL()+"/"+client.ID); answer.Status != http.StatusOK {
		t.Errorf("a client reads its registration: %s", answer)
	}
}
