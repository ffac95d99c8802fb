package world

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

func shell(t *testing.T, script string) (dir string, process worldfile.Process) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, logsFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir, worldfile.Process{Argv: []string{"/bin/sh", "-c", script}, Env: map[string]string{"GREETING": "hello"}, Dir: "."}
}

func TestChild(t *testing.T) {
	dir, process := shell(t, `echo "$GREETING" from "$PWD"; exec /bin/sh -c 'while :; do sleep 1; done'`)
	spawner := newSpawner()
	defer close(spawner)
	c, err := spawner.start(dir, "sleeper", process)
	if err != nil {
		t.Fatal(err)
	}
	process.PID = c.command.Process.Pid
	for deadline := time.Now().Add(5 * time.Second); !alive(dir, process); time.Sleep(time.Millisecond) { // nothing is, while one program takes the place of another
		if time.Now().After(deadline) {
			t.Fatal("it runs, and is not called alive")
		}
	}
	if alive(t.TempDir(), process) {
		t.Error("a process of another world is taken for ours")
	}
	if other := (worldfile.Process{PID: process.PID, Argv: []string{"/usr/bin/envoy"}}); alive(dir, other) {
		t.Error("another program is taken for ours")
	}
	for deadline := time.Now().Add(5 * time.Second); tail(dir, "sleeper") == "" && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if got := tail(dir, "sleeper"); !strings.HasPrefix(got, "hello from ") {
		t.Errorf("its output is %q", got)
	}
	c.stop()
	if alive(dir, process) {
		t.Error("it has been stopped, and is called alive")
	}
}

func TestEndStopsWhatIsNotOurChild(t *testing.T) {
	dir, process := shell(t, "while :; do sleep 1; done")
	spawner := newSpawner()
	defer close(spawner)
	c, err := spawner.start(dir, "sleeper", process) // which reaps it
	if err != nil {
		t.Fatal(err)
	}
	process.PID = c.command.Process.Pid
	end(t.TempDir(), process)
	if !alive(dir, process) {
		t.Fatal("a process of another world was ended")
	}
	end(dir, process)
	if alive(dir, process) {
		t.Error("it still runs")
	}
}

func TestADeadPartIsFoundAtOnce(t *testing.T) {
	dir, process := shell(t, "echo no such file >&2; exit 3")
	w := &World{Dir: dir, children: map[string]*child{}, spawner: newSpawner()}
	defer close(w.spawner)
	c, err := w.spawner.start(dir, gatePart, process)
	if err != nil {
		t.Fatal(err)
	}
	w.children[gatePart] = c
	<-c.ended
	wantError(t, w.dead(), "the gate ended at once (exit status 3)\nno such file")
}

func TestRestartNeedsAWorld(t *testing.T) {
	dir := t.TempDir()
	_, err := Restart(context.Background(), dir)
	wantError(t, err, "there is no sandbox in")
	if err := (&worldfile.World{}).Write(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, lockFile, "")
	_, err = Restart(context.Background(), dir)
	wantError(t, err, "was stopped")
}
