package edge

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// swift are the times of tests that do not wait for quiet.
var swift = times{quiet: 300 * time.Millisecond, rest: time.Second, answer: time.Second, grace: 500 * time.Millisecond}

// Clients of every kind go on for a while after SIGTERM, as they do until a load balancer has noticed, and lose nothing.
func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	end, ended := e.begin(t, usual)
	e.serves(t)
	c := ask(t, e.url, 4, 300*time.Millisecond)
	time.Sleep(700 * time.Millisecond)

	before := map[string]int{}
	for kind := range kinds() {
		before[kind] = c.answered(kind)
	}
	told := time.Now()
	end()
	time.Sleep(1500 * time.Millisecond)
	c.stop()
	for kind := range kinds() {
		if n := c.answered(kind); before[kind] == 0 || n <= before[kind] {
			t.Errorf("%s: %d answers before and %d in all: the test shows nothing", kind, before[kind], n)
		}
	}
	if lost := c.lost(time.Now()); len(lost) > 0 {
		t.Errorf("%d requests are lost, the first %s after SIGTERM by %s: %v", len(lost), lost[0].began.Sub(told), lost[0].kind, lost[0].err)
	}

	if err := within(t, ended); err != nil {
		t.Errorf("have %v, want the end that was asked for", err)
	}
	if err := e.refusal(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the end: %v", err)
	}
}

// Where clients never leave, those that come within the time are served, and so are those that are under way then.
func TestTheLimitHolds(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Drain = 1500 * time.Millisecond
	end, ended := e.begin(t, usual)
	e.serves(t)
	c := ask(t, e.url, 4, 900*time.Millisecond)
	time.Sleep(500 * time.Millisecond)
	told := time.Now()
	end()
	if err := within(t, ended); err != nil {
		t.Error(err)
	}
	if took := time.Since(told); took < e.Drain {
		t.Errorf("envoy ended after %s, while clients came", took)
	}
	c.stop()
	if lost := c.lost(told.Add(e.Drain - 100*time.Millisecond)); len(lost) > 0 {
		t.Errorf("%d requests are lost, the first %s after SIGTERM by %s: %v", len(lost), lost[0].began.Sub(told), lost[0].kind, lost[0].err)
	}
	if len(c.lost(time.Now())) == 0 {
		t.Error("nobody was refused after the end: the test shows nothing")
	}
}

// A request that does not end does not keep Envoy.
func TestARequestWithoutEnd(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Drain = 500 * time.Millisecond
	end, ended := e.begin(t, swift)
	e.serves(t)
	c := ask(t, e.url, 1, 9*time.Second)
	time.Sleep(300 * time.Millisecond)
	c.done.Store(true)
	end()
	if err := within(t, ended); err != nil {
		t.Error(err)
	}
	c.stop()
	if len(c.lost(time.Now())) == 0 {
		t.Error("the request was waited for")
	}
}

func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	end, ended := e.begin(t, usual)
	e.serves(t)
	end()
	if err := within(t, ended); err != nil {
		t.Error(err)
	}
}

func TestItEndsByItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		argv []string
		want int // exit code; 0: no error
		text string
	}{
		{"well", []string{"true"}, 0, ""},
		{"badly", []string{"sh", "-c", "exit 7"}, 7, "envoy has ended: exit status 7"},
		{"by a signal", []string{"sh", "-c", "kill -9 $$"}, 137, "envoy has ended: signal: killed"},
		{"with an invalid configuration", []string{program, "-c", os.DevNull + ".yaml", "--log-level", "off"}, 1, "envoy has ended: exit status 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEdge(t)
			e.Argv = c.argv
			_, ended := e.begin(t, usual)
			err := within(t, ended)
			exit, ok := errors.AsType[*Exit](err)
			if ok != (c.want != 0) || ok && (exit.ExitCode() != c.want || exit.Error() != c.text) {
				t.Errorf("have %v", err)
			}
		})
	}
}

func TestItCannotBeStarted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*Options)
		want string
	}{
		{"no command", func(o *Options) { o.Argv = nil }, "no command"},
		{"no such program", func(o *Options) { o.Argv = []string{"/nowhere/envoy"} }, "/nowhere/envoy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEdge(t)
			c.edit(&e.Options)
			_, ended := e.begin(t, usual)
			if err := within(t, ended); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("have %v, want %s", err, c.want)
			}
		})
	}
}

// What does not listen to anything is ended the hard way.
func TestItDoesNotListen(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Argv, e.Drain = []string{"sh", "-c", "trap '' TERM; exec sleep 60"}, 200*time.Millisecond
	limits := swift
	limits.rest = 200 * time.Millisecond
	end, ended := e.begin(t, limits)
	time.Sleep(200 * time.Millisecond)
	end()
	exit, ok := errors.AsType[*Exit](within(t, ended))
	if !ok || exit.ExitCode() != 137 {
		t.Errorf("have %v", exit)
	}
}

// It died while it was drained: there is nobody to wait for.
func TestItDiesInBetween(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Argv = []string{"sh", "-c", "sleep 0.5; exit 3"}
	end, ended := e.begin(t, usual)
	end()
	exit, ok := errors.AsType[*Exit](within(t, ended))
	if !ok || exit.ExitCode() != 3 {
		t.Errorf("have %v", exit)
	}
}

// supervisor runs the edge in a process of its own.
func supervisor(t *testing.T, e edge) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), supervised+"="+strings.Join(append([]string{e.Admin.String()}, e.Argv...), "\n"))
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c
}

func TestSIGTERM(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	c := supervisor(t, e)
	e.serves(t)
	if err := errors.Join(c.Process.Signal(syscall.SIGTERM), c.Wait()); err != nil {
		t.Error(err)
	}
	if e.refusal() == nil {
		t.Error("envoy goes on without its supervisor")
	}
}
