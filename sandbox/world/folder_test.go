package world

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestClaim(t *testing.T) {
	tests := []struct {
		name  string
		setup func(t *testing.T, dir string)
		want  string
	}{
		{"an empty folder", func(*testing.T, string) {}, ""},
		{"a folder with files that are not ours", func(t *testing.T, dir string) { write(t, dir, "notes.txt", "x") }, ""},
		{"a folder with a routes.yaml of someone else", func(t *testing.T, dir string) { write(t, dir, routesFile, "x") }, "holds routes.yaml, which no sandbox has made"},
		{"an older world", func(t *testing.T, dir string) { write(t, dir, lockFile, ""); write(t, dir, routesFile, "old") }, ""},
		{"a world that runs", func(t *testing.T, dir string) {
			release, err := claim(dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = release() })
		}, "a sandbox runs in"},
		{"a part that outlives its world", func(t *testing.T, dir string) {
			write(t, dir, lockFile, "")
			t.Chdir(dir) // this process plays the part
			w := &worldfile.World{Processes: map[string]worldfile.Process{gatePart: {PID: os.Getpid(), Argv: os.Args[:1]}}}
			if err := publish(w, dir); err != nil {
				t.Fatal(err)
			}
		}, "the gate of an older sandbox still runs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.setup(t, dir)
			release, err := claim(dir)
			wantError(t, err, test.want)
			if err == nil {
				if err := release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestPrepareReplacesOurFilesAndNoOthers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "notes.txt", "x")
	write(t, dir, routesFile, "old")
	if err := os.MkdirAll(filepath.Join(dir, redisFolder, "appendonlydir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := prepare(dir, Options{Fleet: 2}.gateways()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"notes.txt": true, routesFile: false, redisFolder: true, redisFolder + "/appendonlydir": false, runFolder: true, "fleet-2/" + runFolder: true, "fleet-3": false} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v, want that the folder is its owner's only", info.Mode(), err)
	}
}
