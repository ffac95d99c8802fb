package fault

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// tpp is a software product and what it received from the bank.
type tpp struct{ *harness.Registered }

// enrol makes a software product that has registered and has a token.
func enrol(t *testing.T) tpp {
	t.Helper()
	return tpp{world.Register(t, harness.Order{})}
}

// stranger makes a software product that the bank does not know yet.
func stranger(t *testing.T) tpp {
	t.Helper()
	return tpp{world.Stranger(t, harness.Order{})}
}

func (p tpp) register(t *testing.T) *harness.Answer { return p.Apply(t, p.Request()) }

func (p tpp) read(t *testing.T) *harness.Answer { return p.Get(t, p.ClientURL(p.ID)) }

func (p tpp) accounts(t *testing.T) *harness.Answer { return p.Get(t, p.API().URL) }

func (p tpp) renew(t *testing.T) *harness.Answer {
	return p.Form(t, world.File.Token, url.Values{"grant_type": {"client_credentials"}})
}

func (p tpp) revoke(t *testing.T) *harness.Answer {
	return p.Form(t, world.File.Revocation, url.Values{"token": {p.Token}})
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// unavailable wants the one answer there is to an outage: 503 as JSON, with when to come back and an id to quote.
func unavailable(t *testing.T, what string, answer *harness.Answer) {
	t.Helper()
	if answer.Status != http.StatusServiceUnavailable {
		t.Errorf("%s: %s, want 503", what, answer)
		return
	}
	if code := answer.Refusal().Code; code != "temporarily_unavailable" {
		t.Errorf("%s: error %q, want temporarily_unavailable", what, code)
	}
	if answer.Header.Get("Retry-After") == "" || !uuid.MatchString(answer.Header.Get("X-Fapi-Interaction-Id")) {
		t.Errorf("%s: the header lacks Retry-After or x-fapi-interaction-id: %v", what, answer.Header)
	}
}

// back wants a request to succeed again within a bounded time, with nothing else done, and to do nothing but 503 before.
func back(t *testing.T, what string, want int, try func() *harness.Answer) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		answer := try()
		if answer.Status == want {
			return
		}
		if answer.Status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("%s after the restart: %s, want %d", what, answer, want)
		}
	}
}

func kill(t *testing.T, part string) {
	t.Helper()
	if err := world.Kill(part); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { restart(t) }) // also when the test fails half way
}

func restart(t *testing.T) {
	t.Helper()
	if err := world.Restart(context.WithoutCancel(t.Context())); err != nil { // the test may have ended
		t.Fatal(err)
	}
}
