package world

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// TestWorld starts the real thing: every part must come up, stay down when it is killed, come back, and go.
func TestWorld(t *testing.T) {
	executable := build(t)
	o := Options{Dir: filepath.Join(t.TempDir(), "w"), Executable: executable, Port: AnyPorts, Profile: "obie-3.3", AuthMethods: []string{"private_key_jwt"}}
	w, err := Start(t.Context(), o, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			_ = w.Stop()
		}
	})
	lost := make(chan string, 10)
	w.Watch(func(name string, _ int, _ error) { lost <- name })
	wantServing(t, w, http.StatusOK)
	_, err = Start(t.Context(), o, func(string) {})
	wantError(t, err, "a sandbox runs in")

	for _, name := range []string{gatePart, redisPart} {
		kill(t, w.File.Processes[name])
		if got := <-lost; got != name {
			t.Errorf("%s is reported lost, not %s", got, name)
		}
	}
	wantServing(t, w, http.StatusServiceUnavailable)
	names, err := Restart(t.Context(), w.Dir)
	if err != nil || strings.Join(names, " ") != "redis gate" {
		t.Fatalf("restarted %v: %v", names, err)
	}
	wantServing(t, w, http.StatusOK)

	last, err := worldfile.Read(w.Dir)
	if err != nil {
		t.Fatal(err)
	}
	stopped = true
	if err := w.Stop(); err != nil {
		t.Error(err)
	}
	for name, process := range last.Processes {
		if alive(w.Dir, process) {
			t.Errorf("the %s still runs", name)
		}
	}
	if len(lost) > 0 {
		t.Errorf("%s is reported lost although it was stopped", <-lost)
	}
}

// TestRestartOfAVolatileStore: a store that forgets all when it ends has forgotten its installation too, and comes back with
// a new one.
func TestRestartOfAVolatileStore(t *testing.T) {
	executable := build(t)
	envoy, err := envoybin.Path(nil)
	if err != nil {
		t.Fatal(err)
	}
	only := t.TempDir() // no redis-server
	if err := os.Symlink(envoy, filepath.Join(only, "envoy")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", only)
	o := Options{Dir: filepath.Join(t.TempDir(), "w"), Executable: executable, Port: AnyPorts, Profile: "obie-3.3", AuthMethods: []string{"private_key_jwt"}, Fleet: 2}
	w, err := Start(t.Context(), o, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	lost := make(chan string, 10)
	w.Watch(func(name string, _ int, _ error) { lost <- name })
	kill(t, w.File.Processes[redisPart])
	<-lost
	var said bytes.Buffer
	if err := runRestart(t.Context(), w.Dir, &said); err != nil || !strings.Contains(said.String(), "redis, registry, registry-2, gate, gate-2\n") ||
		!strings.Contains(said.String(), "TPPs must register again") {
		t.Fatalf("%v: %s", err, &said)
	}
	wantServing(t, w, http.StatusOK)
}

func TestAStartThatFailsLeavesNothing(t *testing.T) {
	port, err := process.FreePorts(5)
	if err != nil {
		t.Fatal(err)
	}
	// A directory serves, but there is no gateway: `true` renders an empty configuration and ends.
	o := Options{Dir: filepath.Join(t.TempDir(), "w"), Executable: nothing(t), Port: port, Profile: "obie-3.3", AuthMethods: []string{"private_key_jwt"}}
	_, err = Start(t.Context(), o, func(string) {})
	wantError(t, err, "has ended")
	if err := o.free(); err != nil {
		t.Errorf("something still runs: %v", err)
	}
	if _, err := worldfile.Read(o.Dir); err == nil {
		t.Error("there is a world.json of a world that never was")
	}
}

func TestRestartNeedsAWorld(t *testing.T) {
	dir := t.TempDir()
	_, err := Restart(t.Context(), dir)
	wantError(t, err, "there is no sandbox in")
	if err := publish(&worldfile.World{}, dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, lockFile, "")
	_, err = Restart(t.Context(), dir)
	wantError(t, err, "was stopped")
}

func TestAStartThatIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := Options{Dir: filepath.Join(t.TempDir(), "w"), Executable: nothing(t), Port: 20000, Profile: "obie-3.3", AuthMethods: []string{"private_key_jwt"}}
	var stderr bytes.Buffer
	wantError(t, run(ctx, o, &stderr, &stderr), "stopped before it was ready")
}

// nothing is a program that does nothing, well.
func nothing(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// build makes the program under test: the parts of a world are its subcommands.
func build(t *testing.T) string {
	t.Helper()
	executable := filepath.Join(t.TempDir(), "dcr-gateway")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", executable, "github.com/dcr-gateway/dcr-gateway")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return executable
}

func kill(t *testing.T, process worldfile.Process) {
	t.Helper()
	if err := syscall.Kill(process.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// wantServing asks for the discovery document, which takes Envoy, the gate and the registry.
func wantServing(t *testing.T, w *World, want int) {
	t.Helper()
	client, err := prober(w.Dir, w.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := expect(t.Context(), client, w.File.Discovery, want); err != nil {
		t.Error(err)
	}
}
