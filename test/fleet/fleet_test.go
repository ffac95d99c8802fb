// Package fleet uses several gateways that share one Redis as if they were one: what one of them has answered holds at all.
package fleet

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

func newWorld(t *testing.T, gateways int) *harness.World {
	t.Helper()
	program, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w, err := harness.Start(t.Context(), harness.Options{Program: program, Fleet: gateways})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.End(), w.CheckLogs()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("the world's files are kept in", w.Dir)
		} else if err := os.RemoveAll(w.Dir); err != nil {
			t.Error(err)
		}
	})
	return w
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
	w := newWorld(t, 3)
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
