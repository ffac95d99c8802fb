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

// tpp is a software and what it has got from the bank.
type tpp struct {
	*harness.Software
	client *http.Client
	id     string
	token  string
}

// enrol makes a software that has registered and has a token.
func enrol(t *testing.T) *tpp {
	t.Helper()
	p := stranger(t)
	answer := p.register(t)
	if answer.Status != http.StatusCreated {
		t.Fatalf("register: %s", answer)
	}
	p.id, _ = answer.JSON(t)["client_id"].(string)
	answer = p.form(t, world.File.Token, url.Values{"grant_type": {"client_credentials"}})
	if answer.Status != http.StatusOK {
		t.Fatalf("token: %s", answer)
	}
	p.token, _ = answer.JSON(t)["access_token"].(string)
	harness.Remember(p.token)
	return p
}

// stranger makes a software that the bank does not know yet.
func stranger(t *testing.T) *tpp {
	t.Helper()
	software, err := world.Enrol(t.Context(), harness.Order{})
	if err != nil {
		t.Fatal(err)
	}
	return &tpp{Software: software, client: world.Client(&software.Transport, harness.HTTP2)}
}

func (p *tpp) register(t *testing.T) *harness.Answer {
	return p.send(t, http.MethodPost, world.File.Registration, "application/jose", p.Request().Compact(), "")
}

func (p *tpp) read(t *testing.T) *harness.Answer {
	return p.send(t, http.MethodGet, world.File.Registration+"/"+p.id, "", "", p.token)
}

func (p *tpp) accounts(t *testing.T) *harness.Answer {
	return p.send(t, http.MethodGet, world.File.APIs[0].URL, "", "", p.token)
}

func (p *tpp) form(t *testing.T, endpoint string, form url.Values) *harness.Answer {
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", p.Assertion(p.id).Compact())
	return p.send(t, http.MethodPost, endpoint, "application/x-www-form-urlencoded", form.Encode(), "")
}

func (p *tpp) send(t *testing.T, method, target, contentType, body, token string) *harness.Answer {
	t.Helper()
	answer, err := p.try(t, method, target, contentType, body, token)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return answer
}

// try is send where the answer may be lost on its way.
func (p *tpp) try(t *testing.T, method, target, contentType, body, token string) (*harness.Answer, error) {
	t.Helper()
	request, err := harness.NewRequest(t.Context(), method, target, contentType, body)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return harness.Do(p.client, request)
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
