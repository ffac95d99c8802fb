package harness

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// Registered is a software that is a client of the bank, and has a token for everything it is registered for.
type Registered struct {
	*Software
	ID    string
	Token string
	HTTP  *http.Client
}

// Register makes a software that has registered and has a token.
func (w *World) Register(tb testing.TB, order Order) *Registered {
	tb.Helper()
	software, err := w.Enrol(tb.Context(), order)
	if err != nil {
		tb.Fatal(err)
	}
	r := &Registered{Software: software, HTTP: w.Client(&software.Transport, HTTP2)}
	contentType, body := software.Sent(software.Request())
	answer := r.Send(tb, http.MethodPost, software.RegistrationURL(), contentType, body, false)
	if answer.Status != http.StatusCreated {
		tb.Fatalf("register: %s", answer)
	}
	r.ID, _ = answer.JSON(tb)["client_id"].(string)
	r.Renew(tb)
	return r
}

// Renew gets another token.
func (r *Registered) Renew(tb testing.TB) {
	tb.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {r.Assertion(r.ID).Compact()},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	if scope := r.TokenScope(); scope != "" {
		form.Set("scope", scope)
	}
	answer := r.Send(tb, http.MethodPost, r.World.File.Token, "application/x-www-form-urlencoded", form.Encode(), false)
	if answer.Status != http.StatusOK {
		tb.Fatalf("token: %s", answer)
	}
	r.Token, _ = answer.JSON(tb)["access_token"].(string)
	Remember(r.Token)
}

// Send sends a request, with the token where it is asked for.
func (r *Registered) Send(tb testing.TB, method, target, contentType, body string, token bool) *Answer {
	tb.Helper()
	answer, err := r.Try(tb, method, target, contentType, body, token)
	if err != nil {
		tb.Fatal(err)
	}
	return answer
}

// Try is Send where there may be no answer.
func (r *Registered) Try(tb testing.TB, method, target, contentType, body string, token bool) (*Answer, error) {
	request, err := NewRequest(tb.Context(), method, target, contentType, body)
	if err != nil {
		return nil, err
	}
	if token {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	answer, err := Do(r.HTTP, request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, target, err)
	}
	return answer, nil
}

// Get asks for something with the token.
func (r *Registered) Get(tb testing.TB, target string) *Answer {
	tb.Helper()
	return r.Send(tb, http.MethodGet, target, "", "", true)
}
