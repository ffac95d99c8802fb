package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const stubborn = "trap '' TERM; echo ready; while :; do sleep 0.1; done"

// shell runs a script in a folder of its own, until the test ends.
func shell(t *testing.T, script string, outlives bool) (p *Process, dir string) {
	t.Helper()
	dir = t.TempDir()
	p, err := Start(Command{
		Name: "script", Argv: []string{"/bin/sh", "-c", script}, Dir: dir, Env: map[string]string{"GREETING": "hello"},
		Output: filepath.Join(dir, "out"), Outlives: outlives,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Signal(syscall.SIGKILL); <-p.Ended() })
	return p, dir
}

// says waits until the script has written a text.
func says(t *testing.T, p *Process, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := Await(ctx, func(context.Context) error {
		if text := Tail(p.output); !strings.Contains(text, want) {
			return fmt.Errorf("its output is %q, want %q", text, want)
		}
		return nil
	}, p); err != nil {
		t.Fatal(err)
	}
}

func TestProcess(t *testing.T) {
	for _, outlives := range []bool{false, true} {
		p, dir := shell(t, `echo "$GREETING" from "$PWD"; while :; do sleep 0.1; done`, outlives)
		says(t, p, "hello from /")
		if !Running(p.PID(), "/another/path/sh", filepath.Dir(dir)) {
			t.Error("it runs, and is not found")
		}
		if Running(p.PID(), "sh", t.TempDir()) || Running(p.PID(), "envoy", dir) || Running(0, "sh", dir) {
			t.Error("another process is taken for it")
		}
		if group, err := syscall.Getpgid(p.PID()); err != nil || group != p.PID() {
			t.Errorf("its group is %d, %v, want its own", group, err)
		}
		if p.EndsWithin(0) {
			t.Error("it runs, and is said to have ended")
		}
		if p.End(20 * time.Second) {
			t.Error("SIGTERM would have been enough")
		}
		if exit, ok := errors.AsType[*exec.ExitError](p.Err()); !ok || exit.ExitCode() != -1 {
			t.Errorf("%v, want that a signal has ended it", p.Err())
		}
		if Running(p.PID(), "sh", dir) {
			t.Error("it has ended, and is found")
		}
	}
}

func TestEndKillsWhatIgnoresSIGTERM(t *testing.T) {
	p, _ := shell(t, stubborn, false)
	says(t, p, "ready")
	if !p.End(50 * time.Millisecond) {
		t.Error("it was not killed")
	}
}

func TestAwait(t *testing.T) {
	t.Run("says which process has ended, and its last words", func(t *testing.T) {
		p, _ := shell(t, "echo no such file >&2; exit 3", false)
		err := Await(t.Context(), func(context.Context) error { return errors.New("refused") }, p)
		if err == nil || err.Error() != "the script has ended (exit status 3)\nno such file" {
			t.Error(err)
		}
	})
	t.Run("ends with its context, and says what was wrong at last", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		refused := errors.New("refused")
		err := Await(ctx, func(context.Context) error { cancel(); return refused })
		if !errors.Is(err, refused) {
			t.Error(err)
		}
	})
}

func TestStartFails(t *testing.T) {
	for _, command := range []Command{
		{Argv: []string{"/no/such/program"}},
		{Argv: []string{"/bin/sh"}, Output: "/no/such/folder/out"},
	} {
		if _, err := Start(command); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: %v", command, err)
		}
	}
}

// Parents are TestParent in a process of its own.
const parentVariable = "PROCESS_TEST_PARENT"

func TestParent(t *testing.T) {
	dir := os.Getenv(parentVariable)
	if dir == "" {
		t.Skip("it is for TestChildrenEndWithTheirParent")
	}
	for _, outlives := range []bool{false, true} {
		if _, err := Start(Command{
			Argv: []string{"/bin/sh", "-c", `echo $$ > pid-$OUTLIVES; while :; do sleep 0.1; done`},
			Dir:  dir, Env: map[string]string{"OUTLIVES": fmt.Sprint(outlives)}, Outlives: outlives,
		}); err != nil {
			t.Fatal(err)
		}
	}
	select {}
}

func TestFreePorts(t *testing.T) {
	given := map[int]bool{}
	for range 20 {
		first, err := FreePorts(5)
		if err != nil {
			t.Fatal(err)
		}
		for port := first; port < first+5; port++ {
			if given[port] {
				t.Errorf("port %d is given twice", port)
			}
			given[port] = true
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
		}
	}
	for port := range given {
		if reserve(port, 1) {
			t.Errorf("port %d is given while it is used", port)
		}
	}
}
