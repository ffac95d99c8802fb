package reload

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// draining is what an Envoy may take to end: its --drain in the sandbox, and what comes after.
const draining = 20 * time.Second

// TestSIGTERMLosesNoRequest ends Envoy, alone and with its gate as a pod is ended, while clients ask. Whatever was sent on a
// connection is answered, and answered well; when there is nobody to connect to, that is no request.
func TestSIGTERMLosesNoRequest(t *testing.T) {
	text, s, r := original(t), newSite(t), world.Register(t, harness.Order{})
	install(t, extended(t, text, s.upstream("site"), siteRoute("staying", "site")))
	for _, test := range []struct {
		name  string
		parts []string
	}{
		{"envoy", []string{harness.Envoy}},
		{"gate and envoy together", []string{harness.Gate, harness.Envoy}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Cleanup(func() { repair(t) })
			var answered, refused, cut atomic.Int64
			clients := gather(t, r, beat, func(c *client) error {
				path := "/staying/1"
				if c.count%8 == 0 {
					path += "?wait=200ms"
				}
				answer, err := c.ask(http.MethodPost, path, true)
				switch {
				case err == nil && answer.Status == http.StatusOK:
					answered.Add(1)
					return nil
				case err == nil:
					return fmt.Errorf("answered %s", answer)
				case errors.Is(err, syscall.ECONNREFUSED):
					refused.Add(1)
					return nil
				case unsent(err): // it was waiting to be let in when the port was closed
					cut.Add(1)
					return nil
				}
				return err
			}, keptHTTP2, keptHTTP2, keptHTTP1, keptHTTP1, anewHTTP1, anewHTTP2)
			clients.ask(some)
			begun := time.Now()
			end(t, test.parts)
			took, whole := time.Since(begun), answered.Load()
			for _, part := range test.parts {
				if err := world.Launch(part); err != nil {
					t.Fatal(err)
				}
			}
			well(t, r)
			clients.ask(some)
			if clients.judge(t); answered.Load() == whole {
				t.Error("nobody was answered after the start")
			}
			t.Logf("ended in %s; %d requests answered, %d not sent: nobody there; %d not sent: cut while they connected",
				took.Round(time.Millisecond), answered.Load(), refused.Load(), cut.Load())
		})
	}
	if n := s.trespassers.Load(); n > 0 {
		t.Errorf("%d requests without a token have reached the bank", n)
	}
}

// end sends SIGTERM to some parts at once, and returns when all have ended.
func end(t *testing.T, parts []string) {
	t.Helper()
	var ended sync.WaitGroup
	for _, part := range parts {
		ended.Go(func() {
			if err := world.Terminate(part, draining); err != nil {
				t.Error(err)
			}
		})
	}
	ended.Wait()
}

// The process that world.json names for Envoy is the one that runs it. Killed the hard way it takes Envoy with it: nothing
// is left that has the port, and the same command starts it again.
func TestNothingIsLeftOfAKilledEnvoy(t *testing.T) {
	r := world.Register(t, harness.Order{})
	t.Cleanup(func() { repair(t) })
	for range 2 { // one of the world's start, and one of ours
		pid, err := world.PID(harness.Envoy)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for _, listener := range []string{world.MTLS(), world.File.Issuer} {
			for begun := time.Now(); !errors.Is(dial(listener), syscall.ECONNREFUSED); time.Sleep(beat) {
				if time.Since(begun) > patience {
					t.Fatalf("long after kill -9 somebody listens at %s", listener)
				}
			}
		}
		if err := world.Kill(harness.Envoy); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err) // it waits until nothing is left of it
		}
		if err := world.Launch(harness.Envoy); err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			answer, err := r.Try(t, http.MethodGet, world.MTLS()+accounts, "", "", true)
			if err == nil && answer.Status == http.StatusOK {
				break
			}
			if time.Since(begun) > few {
				t.Fatalf("the same command does not bring it back: %v, %v", answer, err)
			}
		}
	}
}
