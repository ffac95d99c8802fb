package conform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// aBank agrees to everything that anybody asks of it, but for what a test makes it refuse.
type aBank struct {
	mu       sync.Mutex
	clients  map[string]map[string]any
	next     int
	requests []string // method and path
	keys     keys

	refuse func(r *http.Request) (status int, body string) // 0 to agree
}

// newBank starts a bank, and returns what a TPP needs to know of it.
func newBank(t *testing.T) (*aBank, Setup) {
	t.Helper()
	signing := testkit.EC(t)
	b := &aBank{clients: map[string]map[string]any{}, refuse: func(*http.Request) (int, string) { return 0, "" }}
	var err error
	if b.keys, err = newKeys(signing, "a-key"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(b.serve))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	other := certificate(t, "other")
	return b, Setup{
		Profile: "obie-3.3", Base: server.URL + "/register", Discovery: server.URL + "/discovery", Token: server.URL + "/token",
		Issuer: "https://bank.example.com", Audience: "0015800001HQQrZAAX", Certificate: certificate(t, "tpp"), Other: &other, Roots: roots,
		SigningKey: signing, KeyID: "a-key",
		Statements: Statements{Fresh: true, Fetch: func(context.Context) (string, error) { return b.statement() }},
	}
}

// statement is signed with an arbitrary key: this bank does not verify it.
func (b *aBank) statement() (string, error) {
	return b.keys.token(map[string]any{
		"iss": "OpenBanking Ltd", "iat": time.Now().Unix(), "jti": uuid.NewString(), "software_id": "oQ4KoaavpOuoE7rvQsZEOV",
		"software_redirect_uris": []string{"https://tpp.example.com/one", "https://tpp.example.com/two"},
		"redirect_uris":          []string{"https://tpp.example.com/one"},
		"software_roles":         []string{"AISP", "PISP"},
	}, Signing{}).Compact()
}

func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	return testkit.Certify(t, nil, x509.Certificate{Subject: pkix.Name{CommonName: name}}, nil).TLS()
}

func (b *aBank) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r.Method+" "+strings.SplitN(r.URL.Path, "/", 3)[1])
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", dcrclient.InteractionID: r.Header.Get(dcrclient.InteractionID),
	} {
		w.Header().Set(name, value)
	}
	if status, body := b.refuse(r); status != 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return
	}
	status, body := b.agree(r)
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (b *aBank) agree(r *http.Request) (int, any) {
	id := strings.TrimPrefix(r.URL.Path, "/register/")
	switch {
	case r.URL.Path == "/token":
		return http.StatusOK, map[string]any{"access_token": "an-opaque-token-of-the-bank", "token_type": "Bearer", "expires_in": 300}
	case r.URL.Path == "/discovery":
		return http.StatusOK, map[string]any{"registration_endpoint": "https://x/register", "token_endpoint_auth_methods_supported": []string{"tls_client_auth", "private_key_jwt"}}
	case r.Method == http.MethodPost:
		b.next++
		id = fmt.Sprintf("client-%d", b.next)
		b.clients[id] = b.document(r, id)
		return http.StatusCreated, b.clients[id]
	case r.Method == http.MethodDelete:
		delete(b.clients, id)
		return http.StatusNoContent, nil
	case r.Method == http.MethodPut:
		b.clients[id] = b.document(r, id)
	}
	return http.StatusOK, b.clients[id]
}

// document reads a request without verifying anything, and answers what is in it.
func (b *aBank) document(r *http.Request, id string) map[string]any {
	document := map[string]any{}
	body, _ := io.ReadAll(r.Body)
	asked, err := claims(string(body))
	if err != nil {
		asked = map[string]any{}
	}
	statement, _ := asked["software_statement"].(string)
	if of, err := claims(statement); err == nil {
		maps.Copy(document, of)
	}
	if _, has := asked["redirect_uris"]; !has {
		asked["redirect_uris"] = document["software_redirect_uris"]
	}
	maps.Copy(document, asked)
	for name := range jwtClaims {
		delete(document, name)
	}
	delete(document, "no_such_claim_here")
	document["client_id"] = id
	return document
}
