package directory

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const brandID = "3b0b0a7b-3e7b-4a2c-9497-e357a71d07c8"

func serveCDR(t *testing.T) *served {
	t.Helper()
	return serveDialect(t, CDR(), brandID)
}

// Every claim that the CDR Register puts into its statements, with its type there.
func TestRegisterStatement(t *testing.T) {
	s := serveCDR(t)
	s.verify(s.member.Statement, "PS256")
	claims := segment(t, s.member.Statement, 1)
	compare(t, segment(t, s.member.Statement, 0), map[string]any{"alg": "PS256", "typ": "JWT", "kid": s.StatementKeyID()})
	compare(t, claims, map[string]any{
		"iss": "cdr-register", "org_id": brandID, "software_id": s.member.SoftwareID, "software_roles": "data-recipient-software-product",
		"exp": claims["iat"].(float64) + 600, "jwks_uri": s.server.URL + "/cdr-register/" + brandID + "/" + s.member.SoftwareID + ".jwks",
		"software_environment": nil, "software_jwks_endpoint": nil,
	})
	for _, name := range []string{
		"jti", "legal_entity_id", "legal_entity_name", "org_name", "client_name", "client_description", "client_uri", "logo_uri", "tos_uri", "policy_uri",
		"revocation_uri", "recipient_base_uri",
	} {
		if text, ok := claims[name].(string); !ok || text == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if uris, _ := claims["redirect_uris"].([]any); len(uris) != 1 {
		t.Errorf("redirect_uris are %v", claims["redirect_uris"])
	}
	scope, _ := claims["scope"].(string)
	if scopes := strings.Fields(scope); len(scopes) != 10 || !slices.Contains(scopes, "cdr:registration") || !slices.Contains(scopes, "openid") {
		t.Errorf("scope is %q", scope)
	}
	if id, err := uuid.Parse(s.member.SoftwareID); err != nil || id.String() != s.member.SoftwareID {
		t.Errorf("software_id is %q, want a GUID in lower case", s.member.SoftwareID)
	}
}

func TestRegisterCertificates(t *testing.T) {
	s := serveCDR(t)
	pair, err := tls.X509KeyPair([]byte(s.member.TransportCert), []byte(s.member.TransportKey))
	if err != nil {
		t.Fatal(err)
	}
	want := "CN=Sandbox Product " + s.member.SoftwareID[:8] + ",OU=Consumer Data Right,O=Sandbox Brand 3b0b0a7b,C=AU"
	if got := pair.Leaf.Subject.String(); got != want {
		t.Errorf("subject %s, want %s", got, want)
	}
	s.verifyChain(t, pair.Leaf, x509.ExtKeyUsageClientAuth, true)
	s.verifyChain(t, pair.Leaf, x509.ExtKeyUsageServerAuth, false)
	// A transport key is nobody's business but the CA's.
	if keys := s.keySet(s.member.JWKS); len(keys) != 1 || keys[0].Use != "sig" || keys[0].ID != s.member.SigningKeyID {
		t.Errorf("the key set: %+v", keys)
	}
}

func TestRegisterAPI(t *testing.T) {
	s := serveCDR(t)
	tests := []struct {
		name, path, body string
		want             int
		says             string
	}{
		{"a software of the same brand", "/software", `{"org_id":"` + brandID + `","redirect_uris":["https://a.example/cb"]}`, http.StatusOK, `"org_id":"` + brandID + `"`},
		{"an organisation as in the UK", "/software", `{"org_id":"0015800001HQQrZAAX"}`, http.StatusBadRequest, "want a GUID"},
		{"a statement", "/ssa", `{"software_id":"` + s.member.SoftwareID + `","claims":{"exp":1},"omit":["scope"]}`, http.StatusOK, "ey"},
		{"a key is revoked", "/revoke", `{"software_id":"` + s.member.SoftwareID + `","kid":"` + s.member.SigningKeyID + `"}`, http.StatusOK, "true"},
		{"a certificate is revoked", "/revoke", `{"serial":"` + s.member.TransportSerial + `"}`, http.StatusOK, "true"},
	}
	for _, test := range tests {
		status, body := s.post(test.path, test.body)
		if status != test.want || !strings.Contains(string(body), test.says) {
			t.Errorf("%s: %d %s", test.name, status, body)
		}
	}
	s.reopen()
	if keys := s.keySet(s.member.JWKS); len(keys) != 0 {
		t.Errorf("the revoked key is published still: %+v", keys)
	}
	if len(s.revoked) != 2 || s.revoked[1].Serial != s.member.TransportSerial {
		t.Errorf("revoked are %v", s.revoked)
	}
}

// One process serves both, and neither knows the other's software.
func TestSideBySide(t *testing.T) {
	s := serveCDR(t)
	all, err := openAll(s.all, "https://all.example")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		all.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
		return answer
	}
	kids := map[string]bool{}
	for _, path := range []string{"/keystore/openbanking.jwks", "/cdr-register/v1/jwks"} {
		var set struct{ Keys []struct{ Kid string } }
		if err := json.Unmarshal(ask("GET", path, "").Body.Bytes(), &set); err != nil || len(set.Keys) != 2 {
			t.Fatalf("%s: %v, %d keys", path, err, len(set.Keys))
		}
		for _, key := range set.Keys {
			kids[key.Kid] = true
		}
	}
	if len(kids) != 4 {
		t.Error("the directories share a key")
	}
	order := `{"software_id":"` + s.member.SoftwareID + `"}`
	if here, there := ask("POST", "/cdr-register/ssa", order).Code, ask("POST", "/ssa", order).Code; here != http.StatusOK || there != http.StatusNotFound {
		t.Errorf("the register answers %d, the other directory %d", here, there)
	}
}

func TestOpenAllNeedsAll(t *testing.T) {
	dir := t.TempDir()
	if _, err := OBIE().Create(dir, "https://all.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := openAll(dir, "https://all.example"); err == nil || !strings.Contains(err.Error(), "cdr-register") {
		t.Errorf("a folder without the register: %v", err)
	}
}
