//go:build chart

package chart

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

type keyPair = tls.Certificate

// The URLs of the bank, as its routes.yaml has them.
const (
	mtlsURL     = "https://mtls.bank.test"
	publicURL   = "https://tls.bank.test"
	registerURL = mtlsURL + "/register"
	tokenURL    = mtlsURL + "/oauth2/token"
	revokeURL   = mtlsURL + "/oauth2/revoke"
	echoURL     = mtlsURL + "/echo"
)

// tpp is a TPP's software product outside the cluster. After register it is a client of the bank.
type tpp struct {
	*dcrclient.Software
	world      *outside
	softwareID string
	kept       *http.Client // keeps its connection
	fresh      *http.Client // makes a new one for each request

	mu        sync.Mutex
	id, token string
}

// enrol has the directory make a software product. Its client speaks HTTP/1.1 or HTTP/2.
func (o *outside) enrol(ctx context.Context, how manner) (*tpp, error) {
	member, err := o.directory.Enrol(ctx, dcrclient.Order{Key: "P-256"}) // which is made in no time
	if err != nil {
		return nil, err
	}
	software, err := member.Software()
	if err != nil {
		return nil, err
	}
	software.Profile, software.Audience, software.Scope = "obie-3.3", "bank", "accounts openid"
	return &tpp{
		Software: software, world: o, softwareID: member.SoftwareID,
		kept: o.client(&software.Transport, how), fresh: o.client(&software.Transport, newHTTP1),
	}, nil
}

// client is its id at the bank and its access token.
func (p *tpp) client() (id, token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id, p.token
}

// register sends a registration and keeps the client's id if the bank accepts it.
func (p *tpp) register(ctx context.Context) (*dcrclient.Answer, error) {
	signed, err := p.Registration()
	if err != nil {
		return nil, err
	}
	contentType, body, err := p.Body(signed)
	if err != nil {
		return nil, err
	}
	request := dcrclient.NewRequest(http.MethodPost, registerURL)
	request.SetBody(contentType, body)
	answer, err := dcrclient.Send(ctx, p.kept, request)
	if err == nil && answer.Status == http.StatusCreated {
		p.mu.Lock()
		p.id = answer.Text("client_id")
		p.mu.Unlock()
	}
	return answer, err
}

// renew gets an access token and keeps it.
func (p *tpp) renew(ctx context.Context) (*dcrclient.Answer, error) {
	answer, err := p.post(ctx, tokenURL, url.Values{"grant_type": {"client_credentials"}})
	if err == nil && answer.Status == http.StatusOK {
		p.mu.Lock()
		p.token = answer.Text("access_token")
		p.mu.Unlock()
	}
	return answer, err
}

// revoke has the bank revoke its access token.
func (p *tpp) revoke(ctx context.Context) (*dcrclient.Answer, error) {
	_, token := p.client()
	return p.post(ctx, revokeURL, url.Values{"token": {token}})
}

// post posts a form with a client assertion.
func (p *tpp) post(ctx context.Context, target string, form url.Values) (*dcrclient.Answer, error) {
	id, _ := p.client()
	assertion, err := p.Assertion(id, publicURL).Compact()
	if err != nil {
		return nil, err
	}
	form.Set("client_assertion_type", dcrclient.AssertionType)
	form.Set("client_assertion", assertion)
	request := dcrclient.NewRequest(http.MethodPost, target)
	request.SetBody(dcrclient.FormType, []byte(form.Encode()))
	return dcrclient.Send(ctx, p.kept, request)
}

// get asks for a URL with its token.
func (p *tpp) get(ctx context.Context, through *http.Client, target string) (*dcrclient.Answer, error) {
	_, token := p.client()
	request := dcrclient.NewRequest(http.MethodGet, target)
	request.Bearer(token)
	return dcrclient.Send(ctx, through, request)
}

// read reads its registration at the bank.
func (p *tpp) read(ctx context.Context) (*dcrclient.Answer, error) {
	id, _ := p.client()
	return p.get(ctx, p.kept, dcrclient.ClientURL(registerURL, id))
}

// reread is read with a new access token.
func (p *tpp) reread() (*dcrclient.Answer, error) {
	answer, err := p.renew(context.Background())
	if err == nil && answer.Status == http.StatusOK {
		return p.read(context.Background())
	}
	return answer, err
}

// remove deletes its registration.
func (p *tpp) remove(ctx context.Context) (*dcrclient.Answer, error) {
	id, token := p.client()
	request := dcrclient.NewRequest(http.MethodDelete, dcrclient.ClientURL(registerURL, id))
	request.Bearer(token)
	return dcrclient.Send(ctx, p.kept, request)
}

// seen is the id of the client that the bank's API was called by, from the facts that the gateway sent with the request.
func seen(answer *dcrclient.Answer) (string, error) {
	var echo struct {
		Headers http.Header `json:"headers"`
	}
	if err := json.Unmarshal(answer.Body, &echo); err != nil {
		return "", err
	}
	parts := strings.Split(echo.Headers.Get("X-Dcr-Facts"), ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("the bank got no facts")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	var facts struct {
		Client struct {
			ID string `json:"id"`
		} `json:"client"`
	}
	return facts.Client.ID, json.Unmarshal(text, &facts)
}

// join makes a client of the bank with an access token.
func (o *outside) join(tb testing.TB, how manner) *tpp {
	tb.Helper()
	p, err := o.enrol(tb.Context(), how)
	if err != nil {
		tb.Fatal(err)
	}
	want(tb, "register", http.StatusCreated)(p.register(tb.Context()))
	want(tb, "get a token", http.StatusOK)(p.renew(tb.Context()))
	return p
}

// want checks what a request was answered.
func want(tb testing.TB, what string, status int) func(*dcrclient.Answer, error) *dcrclient.Answer {
	tb.Helper()
	return func(answer *dcrclient.Answer, err error) *dcrclient.Answer {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%s: %v", what, err)
		}
		if answer.Status != status {
			tb.Fatalf("%s: %s, want %d", what, answer, status)
		}
		return answer
	}
}

// walk goes through the life of a client: register, token, call, read, revoke, delete.
func (o *outside) walk(tb testing.TB) {
	tb.Helper()
	p := o.join(tb, keptHTTP2)
	id, _ := p.client()
	answer := want(tb, "call", http.StatusOK)(p.get(tb.Context(), p.fresh, echoURL))
	if by, err := seen(answer); err != nil || by != id {
		tb.Fatalf("the bank was called by %q (%v), want %q", by, err, id)
	}
	want(tb, "read", http.StatusOK)(p.read(tb.Context()))
	want(tb, "revoke", http.StatusOK)(p.revoke(tb.Context()))
	want(tb, "call with a revoked token", http.StatusUnauthorized)(p.get(tb.Context(), p.fresh, echoURL))
	want(tb, "get a token", http.StatusOK)(p.renew(tb.Context()))
	want(tb, "delete", http.StatusNoContent)(p.remove(tb.Context()))
	want(tb, "call after the deletion", http.StatusUnauthorized)(p.get(tb.Context(), p.fresh, echoURL))
}
