package scenario

import (
	"crypto/ed25519"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// passed is a request as the registry gets it.
type passed struct {
	method, path, body string
	header             http.Header
}

const factsHeader = "X-Dcr-Facts"

func (p passed) facts() string { return p.header.Get(factsHeader) }

// replay sends the request straight to the registry.
func (p passed) replay(t *testing.T, w *harness.World) *harness.Answer {
	t.Helper()
	request, err := harness.NewRequest(t.Context(), p.method, "http://registry"+p.path, "", p.body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = p.header.Clone()
	answer, err := harness.Do(w.Inside(harness.Registry), request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// with returns the request with other facts.
func (p passed) with(facts ...string) passed {
	p.header = p.header.Clone()
	p.header[factsHeader] = facts
	return p
}

// recorder keeps the requests that it answers.
type recorder struct {
	mu       sync.Mutex
	requests []passed
	answer   http.HandlerFunc // what it answers; 200 and {} when nil
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == routes.RegistryHealth { // asked by Envoy at any time
		return
	}
	body, _ := io.ReadAll(io.LimitReader(request.Body, 1<<20)) // of Envoy, which has it whole
	r.mu.Lock()
	r.requests = append(r.requests, passed{request.Method, request.RequestURI, string(body), request.Header.Clone()})
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, request)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}") // the client is gone
}

// all returns what has come so far.
func (r *recorder) all() []passed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// captured are requests that the gate has allowed and the registry has not seen.
type captured struct {
	sender, late         *tpp
	first, second        passed // their registrations
	read, token, catalog passed
}

// captureFacts takes the registry's place for some requests.
func captureFacts(t *testing.T, c *client) captured {
	t.Helper()
	w := c.World
	sender, late := enrol(t, w, harness.Order{}), enrol(t, w, harness.Order{})
	token := c.token(t)
	record := &recorder{}
	release := w.Impersonate(t, harness.Registry, record)
	register := func(p *tpp) call {
		return call{method: "POST", url: p.registration, contentType: "application/jose", body: p.Request().Compact()}
	}
	sent := []struct {
		by *tpp
		call
	}{
		{sender, register(sender)}, {late, register(late)}, {c.tpp, call{method: "GET", url: c.url, header: bearer(token)}},
		{c.tpp, call{method: "POST", url: w.File.Token, contentType: formType, body: c.form(nil).Encode()}},
		{c.tpp, call{method: "GET", url: w.File.JWKS, anonymous: true}},
	}
	for _, s := range sent {
		if _, err := s.by.exchange(t, s.call); err != nil {
			t.Fatal(err)
		}
	}
	release()
	// Nobody is there: the client is asked to retry, and nobody received the request.
	answer := sender.do(t, register(sender))
	want{http.StatusServiceUnavailable, "temporarily_unavailable", ""}.check(t, answer)
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := record.all()
	if len(got) != len(sent) {
		t.Fatalf("the registry got %d requests, want %d", len(got), len(sent))
	}
	for _, p := range got {
		harness.Remember(p.facts())
		if p.header.Get("Authorization") != "" {
			t.Error("the registry gets the Authorization header")
		}
	}
	return captured{sender, late, got[0], got[1], got[2], got[3], got[4]}
}

// Whoever finds the registry's socket, with whatever facts, gets nothing that the gate has not allowed.
func registrySocket(t *testing.T, w *harness.World, c captured) {
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	pieces := strings.Split(c.first.facts(), ".")
	signed := func(header, claims string) string {
		return (&harness.JWT{JWT: dcrclient.JWT{RawHeader: header, RawClaims: claims, Key: stranger}}).Compact()
	}
	header, claims := decode(t, pieces[0]), decode(t, pieces[1])
	elsewhere := func(p passed, method, path, body string) passed {
		p.method, p.path, p.body = method, path, body
		return p
	}
	for _, test := range []struct {
		name string
		sent passed
		want want
	}{
		{"no facts", c.first.with(), notGateway("facts.missing")},
		{"two facts", c.first.with(c.first.facts(), c.first.facts()), notGateway("facts.missing")},
		{"empty facts", c.first.with(""), notGateway("facts.signature")},
		{"garbage", c.first.with("x"), notGateway("facts.signature")},
		{"a list", c.first.with(c.first.facts() + "," + c.first.facts()), notGateway("facts.signature")},
		{"JSON", c.first.with(claims), notGateway("facts.signature")},
		{"a stranger's signature, with the gate's kid", c.first.with(signed(header, claims)), notGateway("facts.signature")},
		{"a stranger's signature, with a kid of its own", c.first.with(signed(`{"alg":"EdDSA","typ":"dcr-facts+jwt","kid":"x"}`, claims)), want{http.StatusServiceUnavailable, "temporarily_unavailable", "facts.key"}},
		{"no signature", c.first.with(pieces[0] + "." + pieces[1] + "."), notGateway("facts.signature")},
		{"alg none", c.first.with(harness.Encode([]byte(strings.Replace(header, "EdDSA", "none", 1))) + "." + pieces[1] + "." + pieces[2]), notGateway("facts.signature")},
		{"facts about another, tampered", c.first.with(pieces[0] + "." + flipped(pieces[1]) + "." + pieces[2]), notGateway("facts.signature")},
		{"a client assertion", c.first.with(c.sender.Assertion("x").Compact()), notGateway("facts.signature")},

		{"another body", elsewhere(c.first, "POST", c.first.path, c.second.body), notGateway("facts.body")},
		{"no body", elsewhere(c.first, "POST", c.first.path, ""), notGateway("facts.body")},
		{"a byte more", elsewhere(c.first, "POST", c.first.path, c.first.body+" "), notGateway("facts.body")},
		{"a body for a read", elsewhere(c.read, "GET", c.read.path, "x"), notGateway("facts.body")},
		{"another profile's path", elsewhere(c.first, "POST", strings.Replace(c.first.path, "3.3", "3.2", 1), c.first.body), notGateway("facts.request")},
		{"a query", elsewhere(c.first, "POST", c.first.path+"?x=1", c.first.body), notGateway("facts.request")},
		{"another client", elsewhere(c.read, "GET", c.read.path+"0", ""), notGateway("facts.request")},
		{"DELETE, with the facts of GET", elsewhere(c.read, "DELETE", c.read.path, ""), notGateway("facts.request")},
		{"PUT, with the facts of GET", elsewhere(c.read, "PUT", c.read.path, c.first.body), notGateway("facts.route")},
		{"a registration, with the facts of a token request", elsewhere(c.token, "POST", c.first.path, c.token.body), notGateway("facts.request")},
		{"a revocation, with the facts of a token request", elsewhere(c.token, "POST", "/oauth2/revoke", c.token.body), notGateway("facts.request")},
		{"a token, with the facts of a registration", elsewhere(c.first, "POST", "/oauth2/token", c.first.body), notGateway("facts.request")},
		{"a read, with facts of what is public", elsewhere(c.catalog, "GET", c.read.path, ""), notGateway("facts.request")},
		{"what is public, without facts", c.catalog.with(), notGateway("facts.missing")},
	} {
		t.Run(test.name, func(t *testing.T) { test.want.check(t, test.sent.replay(t, w)) })
	}
	// It is the facts that were missing: the very request, with its facts, is done, once.
	t.Run("as it was", func(t *testing.T) {
		if answer := c.first.replay(t, w); answer.Status != http.StatusCreated {
			t.Fatalf("got %s, want 201", answer)
		}
		replayed.check(t, c.first.replay(t, w))
	})
}
