package run

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/admin"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// edgeFiles runs the command in a folder of routes, and returns its error and what it says.
func edgeFiles(t *testing.T, dir, routes string, flags ...string) (said string, err error) {
	t.Helper()
	var stderr bytes.Buffer
	arguments := append([]string{dir, "--routes", routes, "--xds", "unix:/run/x/xds.sock", "--admin", "unix:/run/x/admin.sock"}, flags...)
	err = EdgeFiles().Run(t.Context(), arguments, io.Discard, &stderr)
	return stderr.String(), err
}

func TestEdgeFiles(t *testing.T) {
	folder, routes := filepath.Join(t.TempDir(), "new", "edge"), filepath.Join(sample.Folder(t), "routes.yaml")
	for range 2 { // a pod's init containers run again when its sandbox is made anew
		if said, err := edgeFiles(t, folder, routes); err != nil || said != "" {
			t.Fatal(err, said)
		}
	}
	var rendered bytes.Buffer
	all := cli.Command{Name: "dcr-gateway", Commands: admin.Commands()}
	err := all.Run(t.Context(), []string{"routes", "render", routes, "--xds", "unix:/run/x/xds.sock", "--admin", "unix:/run/x/admin.sock"}, &rendered, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := sum(t, filepath.Join(folder, edgeBootstrap)); got != sha256.Sum256(rendered.Bytes()) {
		t.Error("envoy.yaml is not what routes render prints")
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if sum(t, filepath.Join(folder, edgeProgram)) != sum(t, own) {
		t.Error("the copy is another program")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Fatalf("the folder holds %v, %v, want two files", entries, err)
	}
	for _, entry := range entries {
		want := map[string]os.FileMode{edgeProgram: 0o755, edgeBootstrap: 0o644}[entry.Name()]
		if info, err := entry.Info(); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", entry.Name(), info.Mode(), err, want)
		}
	}
}

// TestEdgeFilesOfARefusedFile: nothing is written, unless there is a version that the gate would start on.
func TestEdgeFilesOfARefusedFile(t *testing.T) {
	w := newWorld(t)
	dir, folder, state := sample.Folder(t), t.TempDir(), filepath.Join(t.TempDir(), "state")
	routes := filepath.Join(dir, "routes.yaml")
	good := strings.Replace(sample.Routes, "plans:\n", "edge: {max_connections: 4711}\nplans:\n", 1)
	broken := strings.Replace(good, "upstream: bank", "upstream: bnak", 1)

	sample.Write(t, routes, broken)
	for _, flags := range [][]string{nil, {"--state", state}} {
		_, err := edgeFiles(t, folder, routes, flags...)
		if err == nil || !strings.Contains(err.Error(), "did you mean \"bank\"?") {
			t.Errorf("%v: %v, want the problem", flags, err)
		}
		if entries, _ := os.ReadDir(folder); len(entries) > 0 {
			t.Errorf("%v: it has written %v", flags, entries)
		}
	}

	sample.Write(t, routes, good)
	t.Run("while a gate lives", func(t *testing.T) {
		w := &world{t: t, dir: w.dir, redis: w.redis}
		w.start("one", Gate(), "--routes", routes, "--state", state, "--xds", w.address("one-xds"))
		if _, err := edgeFiles(t, folder, routes, "--state", state); err == nil || !strings.Contains(err.Error(), "in use by another process") {
			t.Errorf("the gate uses its folder: %v", err)
		}
	})
	sample.Write(t, routes, broken)
	said, err := edgeFiles(t, folder, routes, "--state", state)
	if err != nil || !strings.Contains(said, "the last good version") || !strings.Contains(said, "did you mean \"bank\"?") {
		t.Fatalf("%v, %q", err, said)
	}
	text, err := os.ReadFile(filepath.Join(folder, edgeBootstrap))
	if err != nil || !strings.Contains(string(text), "4711") {
		t.Errorf("the bootstrap is not that of the last good version: %v", err)
	}
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(text)
}
