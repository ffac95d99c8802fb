package directory

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestStatement(t *testing.T) {
	s := serve(t)
	tests := []struct {
		name, order string
		scheme      string // the signature that must verify with the directory's key
		header      map[string]any
		claims      map[string]any // nil: must not be there
	}{
		{
			name: "as the directory signs it", order: `{}`, scheme: "PS256",
			header: map[string]any{"alg": "PS256", "typ": "JWT", "kid": s.StatementKeyID()},
			claims: map[string]any{"iss": "OpenBanking Ltd", "software_id": s.member.SoftwareID, "org_id": "0015800001HQQrZAAX", "org_status": "Active", "software_environment": "sandbox", "exp": nil},
		},
		{
			name: "claims replaced, added and left out", order: `{"claims":{"org_status":"Revoked","exp":1},"omit":["software_roles"]}`, scheme: "PS256",
			claims: map[string]any{"org_status": "Revoked", "exp": 1.0, "software_roles": nil},
		},
		{name: "ES256", order: `{"header":{"alg":"ES256"}}`, scheme: "ES256", header: map[string]any{"alg": "ES256", "kid": s.signers[1].jwk.ID}},
		{name: "RS256", order: `{"header":{"alg":"RS256"}}`, scheme: "RS256", header: map[string]any{"alg": "RS256"}},
		{name: "none is only a word", order: `{"header":{"alg":"none"}}`, scheme: "PS256", header: map[string]any{"alg": "none"}},
		{name: "a header without typ, with another kid", order: `{"header":{"kid":"x"},"omit":["typ"]}`, scheme: "PS256", header: map[string]any{"kid": "x", "typ": nil}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			order := strings.Replace(test.order, "{", `{"software_id":"`+s.member.SoftwareID+`",`, 1)
			status, statement := s.post("/ssa", strings.Replace(order, ",}", "}", 1))
			if status != http.StatusOK {
				t.Fatalf("status %d: %s", status, statement)
			}
			s.verify(string(statement), test.scheme)
			compare(t, segment(t, string(statement), 0), test.header)
			compare(t, segment(t, string(statement), 1), test.claims)
		})
	}
}

func TestStatementIsComplete(t *testing.T) {
	s := serve(t)
	claims := segment(t, s.member.Statement, 1)
	// Every claim that the OBIE Directory puts into its statements.
	for _, name := range []string{
		"iss", "iat", "jti", "software_id", "software_client_id", "software_client_name", "software_client_description", "software_version",
		"software_client_uri", "software_logo_uri", "software_policy_uri", "software_tos_uri", "software_environment", "software_mode",
		"software_redirect_uris", "software_roles", "software_jwks_endpoint", "software_jwks_revoked_endpoint", "software_on_behalf_of_org",
		"organisation_competent_authority_claims", "org_status", "org_id", "org_name", "org_contacts", "org_jwks_endpoint", "org_jwks_revoked_endpoint",
	} {
		if claims[name] == nil || claims[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"software_jwks_endpoint", "software_jwks_revoked_endpoint", "org_jwks_endpoint", "org_jwks_revoked_endpoint"} {
		s.keySet(claims[name].(string))
	}
}

func TestStatementAsJSON(t *testing.T) {
	s := serve(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/ssa", strings.NewReader(`{"software_id":"`+s.member.SoftwareID+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_, body := s.read(response)
	var answer struct{ SSA string }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	s.verify(answer.SSA, "PS256")
}
