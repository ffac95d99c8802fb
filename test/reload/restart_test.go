package reload

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	few  = 5 * time.Second // what a restart may take until all is well
	some = 100             // requests while something is down
)

// TestRestarts kills Envoy and the gate, and starts them again, either first, while clients ask: at no time is anything let
// through that should not be.
func TestRestarts(t *testing.T) {
	rounds := 3
	if harness.Race || testing.Short() {
		rounds = 1
	}
	s, r := newSite(t), world.Register(t, harness.Order{})
	text := extended(t, original(t), s.upstream("site"), siteRoute("staying", "site"))
	install(t, text)
	clients := gather(t, r, beat, defy, keptHTTP2, keptHTTP1, anewHTTP1, anewHTTP2)
	for range rounds {
		for _, test := range []struct {
			name        string
			kill, start []string
			save        bool // another version while they are down, which Envoy does not have if it is not
		}{
			{"envoy", []string{harness.Envoy}, []string{harness.Envoy}, false},
			{"gate", []string{harness.Gate}, []string{harness.Gate}, false},
			{"gate, with another version", []string{harness.Gate}, []string{harness.Gate}, true},
			{"both, the gate first", []string{harness.Envoy, harness.Gate}, []string{harness.Gate, harness.Envoy}, true},
			{"both, Envoy first", []string{harness.Gate, harness.Envoy}, []string{harness.Envoy, harness.Gate}, false},
		} {
			t.Run(test.name, func(t *testing.T) {
				t.Cleanup(func() { repair(t) })
				for _, part := range test.kill {
					if err := world.Kill(part); err != nil {
						t.Fatal(err)
					}
				}
				clients.ask(some)
				if test.save {
					text += "# another version\n"
					save(t, text)
				}
				for _, part := range test.start[:len(test.start)-1] {
					if err := world.Launch(part); err != nil {
						t.Fatal(err)
					}
					clients.ask(some)
				}
				begun := time.Now()
				if err := world.Launch(test.start[len(test.start)-1]); err != nil {
					t.Fatal(err)
				}
				well(t, r)
				t.Logf("all is well %s after the last start", time.Since(begun).Round(time.Millisecond))
			})
		}
	}
	clients.judge(t)
	if n := s.trespassers.Load(); n > 0 {
		t.Errorf("%d requests without a token have reached the bank", n)
	}
	t.Logf("%d requests, %d of them at the bank", clients.asked.Load(), s.served.Load())
}

// TestNoPolicyNoTraffic starts an Envoy that has never heard of a gate: it listens to nobody until there is one.
func TestNoPolicyNoTraffic(t *testing.T) {
	text, s, r := original(t), newSite(t), world.Register(t, harness.Order{})
	install(t, extended(t, text, s.upstream("site"), siteRoute("staying", "site")))
	t.Cleanup(func() { repair(t) })
	for _, part := range []string{harness.Envoy, harness.Gate} {
		if err := world.Kill(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := world.Launch(harness.Envoy); err != nil {
		t.Fatal(err)
	}
	ready := func() string {
		body, err := world.AskEnvoy(t.Context(), http.MethodGet, "/ready")
		return fmt.Sprint(strings.TrimSpace(string(body)), err)
	}
	for begun := time.Now(); !strings.Contains(ready(), "INITIALIZING"); time.Sleep(beat) {
		if time.Since(begun) > few {
			t.Fatalf("envoy does not wait for its gate: %s", ready())
		}
	}
	for begun := time.Now(); time.Since(begun) < time.Second; time.Sleep(beat) {
		for _, listener := range []string{world.MTLS(), world.File.Issuer} {
			if err := dial(listener); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Fatalf("%s, without a policy: %v", listener, err)
			}
		}
	}
	clients := gather(t, r, beat, defy, keptHTTP2, keptHTTP1, anewHTTP1, anewHTTP2)
	if err := world.Launch(harness.Gate); err != nil {
		t.Fatal(err)
	}
	well(t, r)
	clients.judge(t)
	if n := s.trespassers.Load(); n > 0 {
		t.Errorf("%d requests without a token have reached the bank", n)
	}
}

// defy requests what must never be served, and what may be, while the gateway stops and starts.
func defy(c *client) error {
	switch c.count % 4 {
	case 0:
		return denied(c, "/staying/1", http.StatusUnauthorized)
	case 1:
		return denied(c, "/nothing/1", http.StatusNotFound)
	case 2:
		return denied(c, accounts, http.StatusUnauthorized)
	}
	answer, err := c.ask(http.MethodPost, "/staying/1", true)
	if err != nil || answer.Status >= http.StatusInternalServerError || answer.Status == http.StatusOK && answer.Header.Get(siteHeader) != "" {
		return nil
	}
	return fmt.Errorf("with a token: %s", answer)
}

// denied asks without a token. No answer is right as well, and so is one that says that it cannot be decided.
func denied(c *client, path string, want int) error {
	answer, err := c.ask(http.MethodGet, path, false)
	if err != nil {
		return nil
	}
	fromBank := answer.Header.Get(siteHeader) != "" || answer.Header.Get("X-Bank-Received") != ""
	if fromBank || answer.Status != want && answer.Status < http.StatusInternalServerError {
		return fmt.Errorf("%s without a token: %s, from the bank %v", path, answer, fromBank)
	}
	return nil
}

// well waits until clients that connect now get what they should, for a few seconds at most.
func well(t *testing.T, r *harness.Registered) {
	t.Helper()
	c := &client{manner: anewHTTP2, r: r, http: &http.Client{Transport: anewHTTP2.transport(r), Timeout: few}}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		with, err := c.ask(http.MethodGet, "/staying/1", true)
		if err == nil && with.Status == http.StatusOK {
			break
		}
		if time.Since(begun) > few {
			t.Fatalf("with a token: %v, %v", with, err)
		}
	}
	for path, want := range map[string]int{"/staying/1": http.StatusUnauthorized, "/nothing/1": http.StatusNotFound} {
		if answer, err := c.ask(http.MethodGet, path, false); err != nil || answer.Status != want {
			t.Errorf("%s: %v, %v, want %d", path, answer, err, want)
		}
	}
	if _, err := world.AwaitStatus(t.Context(), few, (*harness.Status).InForce); err != nil {
		t.Error(err)
	}
}

// repair brings back what is down, for the next test.
func repair(t *testing.T) {
	t.Helper()
	if err := world.Restart(context.Background()); err != nil { // the test's own context has ended
		t.Error(err)
	}
}

// dial connects to a listener's port.
func dial(listener string) error {
	target, err := url.Parse(listener)
	if err != nil {
		return err
	}
	connection, err := net.DialTimeout("tcp", target.Host, time.Second)
	if err == nil {
		_ = connection.Close()
	}
	return err
}
