package harness

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Registered is a software product with its client at the bank: the client's id, and a token for everything that the client
// is registered for. Both are empty before Join.
type Registered struct {
	*Software
	ID    string
	Token string
	HTTP  *http.Client
}

// Stranger makes a software product that the bank does not know yet.
func (w *World) Stranger(tb testing.TB, order Order) *Registered {
	tb.Helper()
	software, err := w.Enrol(tb.Context(), order)
	if err != nil {
		tb.Fatal(err)
	}
	return &Registered{Software: software, HTTP: w.Client(&software.Transport, HTTP2)}
}

// Register makes a software product, registers it and gets a token.
func (w *World) Register(tb testing.TB, order Order) *Registered {
	tb.Helper()
	r := w.Stranger(tb, order)
	r.Join(tb, r.Request())
	return r
}

// Join sends a registration request, which must be accepted, and gets a token.
func (r *Registered) Join(tb testing.TB, request *JWT) {
	tb.Helper()
	if answer := r.Apply(tb, request); answer.Status != http.StatusCreated {
		tb.Fatalf("register: %s", answer)
	}
	r.Renew(tb)
}

// Apply sends a registration request. If the bank accepts it, the client's id is kept.
func (r *Registered) Apply(tb testing.TB, request *JWT) *Answer {
	tb.Helper()
	contentType, body := r.Sent(request)
	answer := r.Send(tb, http.MethodPost, r.RegistrationURL(), contentType, body, false)
	if answer.Status == http.StatusCreated {
		r.ID = answer.Text("client_id")
	}
	return answer
}

// Renew gets another token.
func (r *Registered) Renew(tb testing.TB) {
	tb.Helper()
	r.RenewAt(tb, r.World.File.Token)
}

// RenewAt is Renew at a token endpoint.
func (r *Registered) RenewAt(tb testing.TB, endpoint string) {
	tb.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope := r.TokenScope(); scope != "" {
		form.Set("scope", scope)
	}
	answer := r.Form(tb, endpoint, form)
	if answer.Status != http.StatusOK {
		tb.Fatalf("token: %s", answer)
	}
	r.Token = answer.Text("access_token")
	Remember(r.Token)
}

// Form posts a form with a fresh client assertion, whose audience is the token endpoint that discovery names.
func (r *Registered) Form(tb testing.TB, endpoint string, form url.Values) *Answer {
	tb.Helper()
	form.Set("client_assertion_type", dcrclient.AssertionType)
	form.Set("client_assertion", r.Assertion(r.ID).Compact())
	return r.Send(tb, http.MethodPost, endpoint, dcrclient.FormType, form.Encode(), false)
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
