package registry

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// software is what a TPP registers.
type software struct{ id, org string }

func newSoftware() software { return software{id: rand.Text()[:18], org: "0015800001HQQrZAAX"} }

// statement returns a statement of the software: of an AISP and PISP, or with the roles given.
func (s software) statement(roles ...string) string {
	if len(roles) == 0 {
		roles = []string{"AISP", "PISP"}
	}
	return compact(map[string]any{
		"iss": "OpenBanking Ltd", "iat": time.Now().Unix(), "jti": rand.Text(), "software_id": s.id, "org_id": s.org, "org_status": "Active",
		"software_roles": roles, "software_redirect_uris": []string{"https://tpp.example/a?x=1&y=2", "https://tpp.example/b"},
		"software_jwks_endpoint": "https://keystore.openbanking.org.uk/" + s.id + ".jwks", "software_client_name": "Amazon <Prime> & more",
	})
}

// request returns a signed registration request; nobody behind the gate looks at its signature.
func (s software) request(changes map[string]any) string {
	claims := map[string]any{
		"iss": s.id, "iat": time.Now().Unix(), "exp": time.Now().Unix() + 300, "aud": "bank", "jti": rand.Text(),
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256", "scope": "openid accounts payments",
		"grant_types": []string{"authorization_code", "client_credentials"}, "application_type": "web", "software_statement": s.statement(),
		"id_token_signed_response_alg": "PS256", "request_object_signing_alg": "PS256", "x-unknown": "not kept",
	}
	maps.Copy(claims, changes)
	return compact(claims)
}

// withRoles is the change of a request whose statement has other roles.
func (s software) withRoles(roles ...string) map[string]any {
	return map[string]any{"software_statement": s.statement(roles...), "scope": "openid accounts"}
}

func compact(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return "eyJhbGciOiJQUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(payload) + ".c2lnbmF0dXJl"
}

// proved are the facts of a registration request of the software, with one jti.
func (s software) proved(jti string) func(*dcrpb.Facts) {
	return func(f *dcrpb.Facts) {
		f.Certificate = &dcrpb.CertificateFacts{Thumbprint: thumbprint, Type: "obwac", OrgId: s.org}
		f.Registration = &dcrpb.RegistrationFacts{Profile: "obie-3.3", Software: &dcrpb.Software{Directory: "openbanking-uk", Id: s.id, OrgId: s.org}}
		f.UsedJtis = []*dcrpb.UsedJTI{{Purpose: "request", Id: jti, Exp: f.GetIat() + 3600}}
	}
}

// owner are the facts of a request with a token of the client.
func owner(id string) func(*dcrpb.Facts) {
	return func(f *dcrpb.Facts) {
		f.Certificate = &dcrpb.CertificateFacts{Thumbprint: thumbprint}
		f.Client = &dcrpb.ClientFacts{Id: id, TokenId: "t-1", TokenExp: f.GetIat() + 300}
	}
}

// authenticated are the facts of a request whose client the gate has authenticated, with one jti.
func authenticated(id, jti string) func(*dcrpb.Facts) {
	return func(f *dcrpb.Facts) {
		f.Certificate = &dcrpb.CertificateFacts{Thumbprint: thumbprint}
		f.Client = &dcrpb.ClientFacts{Id: id, AuthMethod: "private_key_jwt"}
		f.UsedJtis = []*dcrpb.UsedJTI{{Purpose: "assertion", Id: jti, Exp: f.GetIat() + 3600}}
	}
}

func all(changes ...func(*dcrpb.Facts)) func(*dcrpb.Facts) {
	return func(f *dcrpb.Facts) {
		for _, change := range changes {
			change(f)
		}
	}
}

// register registers the software and returns its client's id.
func (w *world) register(s software, changes map[string]any) string {
	w.t.Helper()
	got := w.post(s, changes)
	if got.status != http.StatusCreated {
		w.t.Fatalf("registration: %d %s", got.status, got.body)
	}
	return got.json["client_id"].(string)
}

func (w *world) post(s software, changes map[string]any) reply {
	w.t.Helper()
	return w.do(call{route: "register", method: "POST", target: collection, contentType: "application/jwt", body: s.request(changes), facts: s.proved(rand.Text())})
}

func (w *world) put(s software, id, jti string, changes map[string]any) reply {
	w.t.Helper()
	return w.do(call{
		route: "client-update", method: "PUT", target: collection + "/" + id, contentType: "application/jwt", body: s.request(changes),
		facts: all(s.proved(jti), owner(id)),
	})
}

func (w *world) get(id string) reply {
	w.t.Helper()
	return w.do(call{route: "client", method: "GET", target: collection + "/" + id, facts: owner(id)})
}

// form posts a form as an authenticated client.
func (w *world) form(route, id, body string) reply {
	w.t.Helper()
	return w.do(call{route: route, method: "POST", target: "/" + route, contentType: formType, body: body, facts: authenticated(id, rand.Text())})
}

// want fails the test unless the reply is the refusal of that rule.
func (w *world) want(got reply, status int, code, rule string) {
	w.t.Helper()
	if got.status != status || got.json["error"] != code || got.rule() != rule {
		w.t.Errorf("got %d %v by %q, want %d %s by %q: %s", got.status, got.json["error"], got.rule(), status, code, rule, got.body)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		w.t.Errorf("the refusal may be kept: %v", got.header)
	}
	challenged := strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer realm=")
	if challenged != (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		w.t.Errorf("%d with the challenge %q", status, got.header.Get("WWW-Authenticate"))
	}
	if (got.header.Get("Retry-After") != "") != (status == http.StatusServiceUnavailable) {
		w.t.Errorf("%d with Retry-After %q", status, got.header.Get("Retry-After"))
	}
}

func (w *world) record(id string) *dcrpb.Client {
	w.t.Helper()
	record, err := w.store.Client(context.Background(), id)
	w.must(err)
	return record
}

// newToken returns a token of the client, as the token endpoint issues it.
func (w *world) newToken(id string) string {
	w.t.Helper()
	got := w.form("token", id, "grant_type=client_credentials")
	if got.status != http.StatusOK {
		w.t.Fatalf("token: %d %s", got.status, got.body)
	}
	return fmt.Sprint(got.json["access_token"])
}
