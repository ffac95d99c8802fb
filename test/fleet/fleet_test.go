// Package fleet uses several gateways that share one Redis as if they were one: what one of them has answered holds at all.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// program is the product, built for these tests.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "dcr-tests")
	if err == nil {
		program, err = harness.Build(context.Background(), dir, harness.Race)
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// client is a registered client that uses whichever gateway it likes.
type client struct {
	*harness.Registered
	t *testing.T
}

func (c client) token(at worldfile.Gateway) {
	c.t.Helper()
	c.RenewAt(c.t, at.Token)
}

// wantStatus calls an API of the bank at each of some gateways.
func (c client) wantStatus(want int, gateways ...worldfile.Gateway) {
	c.t.Helper()
	for _, at := range gateways {
		if answer := c.Get(c.t, at.APIs[0].URL); answer.Status != want {
			c.t.Errorf("%s: %s, want %d", at.APIs[0].URL, answer, want)
		}
	}
}

func TestWhatOneGatewayAnswersHoldsAtAll(t *testing.T) {
	w := harness.New(t, harness.Options{Program: program, Fleet: 3})
	first, second, third := w.File.Fleet[0], w.File.Fleet[1], w.File.Fleet[2]
	c := client{w.Register(t, harness.Order{}), t} // at the first
	c.token(second)
	c.wantStatus(http.StatusOK, third, first, second)
	if answer := c.Form(t, first.Revocation, url.Values{"token": {c.Token}}); answer.Status != http.StatusOK {
		t.Fatalf("revoke: %s", answer)
	}
	c.wantStatus(http.StatusUnauthorized, second, third, first)

	for _, part := range []string{"registry-2", "gate-3"} {
		if err := w.Kill(part); err != nil {
			t.Fatal(err)
		}
	}
	c.token(first)
	c.wantStatus(http.StatusOK, first, second)         // which needs no registry
	c.wantStatus(http.StatusServiceUnavailable, third) // nobody decides there
	if answer := c.Form(t, second.Token, url.Values{"grant_type": {"client_credentials"}}); answer.Status != http.StatusServiceUnavailable {
		t.Errorf("a token where there is no registry: %s", answer)
	}
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.token(second)
	c.wantStatus(http.StatusOK, first, second, third)
	c.token(third)
	wantOwnRegistry(t, w)
}

// TestEachGateReadsItsOwnFile: a file that takes the place of the link reaches one gate, and the one that all links lead to
// reaches the others.
func TestEachGateReadsItsOwnFile(t *testing.T) {
	w := harness.New(t, harness.Options{Program: program, Fleet: 2})
	text, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	const path = "/.well-known/second"
	added := text + "\n  - {name: second, path: " + path + ", methods: [GET], listener: public, public: true, endpoint: discovery}\n"
	want := func(statuses ...int) {
		t.Helper()
		for i, status := range statuses {
			url := strings.TrimSuffix(w.File.Fleet[i].Discovery, "/.well-known/openid-configuration") + path
			request, err := harness.NewRequest(t.Context(), http.MethodGet, url, "", "")
			if err != nil {
				t.Fatal(err)
			}
			if answer, err := harness.Do(w.Client(nil, harness.HTTP2), request); err != nil || answer.Status != status {
				t.Errorf("gateway %d: %v %v, want %d", i+1, answer, err, status)
			}
		}
	}
	before, err := w.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := w.At(2)
	if err := second.Install(t.Context(), added); err != nil {
		t.Fatal(err)
	}
	if now, err := w.Status(t.Context()); err != nil || now.Version != before.Version {
		t.Errorf("the first gate has version %s, want %s (%v)", now.Version, before.Version, err)
	}
	want(http.StatusNotFound, http.StatusOK)
	if err := w.Install(t.Context(), added); err != nil {
		t.Fatal(err)
	}
	first, err := w.Status(t.Context())
	if other, otherErr := second.Status(t.Context()); errors.Join(err, otherErr) != nil || first.Version != other.Version {
		t.Errorf("equal files have the versions %s and %s (%v %v)", first.Version, other.Version, err, otherErr)
	}
	want(http.StatusOK, http.StatusOK)
}

// wantOwnRegistry checks that the registry of each gateway has issued tokens.
func wantOwnRegistry(t *testing.T, w *harness.World) {
	t.Helper()
	for _, at := range w.File.Fleet {
		text, err := os.ReadFile(w.Path(at.Logs.Registry))
		if err != nil || !strings.Contains(string(text), `"route":"token"`) {
			t.Errorf("%s has no token (%v)", at.Logs.Registry, err)
		}
	}
}
