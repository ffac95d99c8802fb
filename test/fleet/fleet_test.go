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

// form sends a form with a client assertion, which names the token endpoint that discovery names, at whichever gateway.
func (c client) form(endpoint string, form url.Values) *harness.Answer {
	c.t.Helper()
	form.Set("client_assertion", c.Assertion(c.ID).Compact())
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	return c.Send(c.t, http.MethodPost, endpoint, "application/x-www-form-urlencoded", form.Encode(), false)
}

func (c client) token(at worldfile.Gateway) {
	c.t.Helper()
	answer := c.form(at.Token, url.Values{"grant_type": {"client_credentials"}, "scope": {c.TokenScope()}})
	if answer.Status != http.StatusOK {
		c.t.Fatalf("token: %s", answer)
	}
	c.Token, _ = answer.JSON(c.t)["access_token"].(string)
	harness.Remember(c.Token)
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
	if answer := c.form(first.Revocation, url.Values{"token": {c.Token}}); answer.Status != http.StatusOK {
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
	if answer := c.form(second.Token, url.Values{"grant_type": {"client_credentials"}}); answer.Status != http.StatusServiceUnavailable {
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
