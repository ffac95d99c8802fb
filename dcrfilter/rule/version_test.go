package rule_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// in31 is a good registration as OBIE DCR 3.1 has it, with changes to its request.
func in31(t testing.TB, change claims) *dcr.Registration {
	t.Helper()
	changes := claims{"scope": []string{"openid", "accounts"}}
	maps.Copy(changes, change)
	r := registration(t, changes)
	r.Profile = loadProfile(t, "obie-3.1")
	return r
}

// mutual31 is a good request of a client that authenticates with its certificate, with changes.
func mutual31(change claims) claims {
	changes := claims{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_dn": subjectDN}
	maps.Copy(changes, change)
	return changes
}

// What 3.1 has of its own: members, names, forms. A refusal speaks of the names that the request has.
func TestVersion31(t *testing.T) {
	for _, c := range []requestCase{
		{"good", nil, ""},
		{"no scope", claims{"scope": nil}, ""},
		{"an empty scope", claims{"scope": []string{}}, ""},
		{"scope as a string", claims{"scope": "openid accounts"}, "dictionary.type /scope"},
		{"a token of two words", claims{"scope": []string{"openid accounts"}}, "scope.form /scope"},
		{"a token with a quote", claims{"scope": []string{`"accounts"`}}, "scope.form /scope"},
		{"an empty token", claims{"scope": []string{"openid", ""}}, "dictionary.length /scope/1"},
		{"a long token", claims{"scope": []string{strings.Repeat("x", 33)}}, "dictionary.length /scope/0"},
		{"an unknown token, and one of a role not held", claims{"scope": []string{"admin", "fundsconfirmations"}}, "scope.unknown /scope, scope.role /scope"},
		{"with a certificate", mutual31(nil), ""},
		{"with a certificate and its later name", mutual31(claims{"tls_client_auth_dn": nil, "tls_client_auth_subject_dn": subjectDN}),
			"tls_client_auth.missing /tls_client_auth_dn"},
		{"no DN", mutual31(claims{"tls_client_auth_dn": nil}), "tls_client_auth.missing /tls_client_auth_dn"},
		{"an invalid DN", mutual31(claims{"tls_client_auth_dn": "a tpp"}), "tls_client_auth.dn /tls_client_auth_dn"},
		{"a DN of another type", mutual31(claims{"tls_client_auth_dn": 1}), "dictionary.type /tls_client_auth_dn"},
		{"a long DN", mutual31(claims{"tls_client_auth_dn": "CN=" + strings.Repeat("x", 126)}), "dictionary.length /tls_client_auth_dn"},
		{"a DN with private_key_jwt", claims{"tls_client_auth_dn": subjectDN}, "tls_client_auth.without /tls_client_auth_dn"},
		{"no algorithm", mutual31(claims{"token_endpoint_auth_signing_alg": nil}), "dictionary.required /token_endpoint_auth_signing_alg"},
		{"no algorithm with private_key_jwt", claims{"token_endpoint_auth_signing_alg": nil}, "dictionary.required /token_endpoint_auth_signing_alg"},
		{"CIBA", claims{"grant_types": []string{ciba}, "response_types": nil}, "dictionary.values /grant_types/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := rule.Check(in31(t, c.change))
			if got := verdict(t, err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "tls_client_auth_subject_dn") {
				t.Errorf("the refusal speaks of a name that 3.1 does not have: %v", err)
			}
		})
	}
}

// What is stored is the same for every version, and each is answered its own names and forms.
func TestVersionsOfOneRecord(t *testing.T) {
	for _, c := range []struct {
		name   string
		change claims
		scope  string
		words  []string
	}{
		{"asked for", nil, "openid accounts", []string{"openid", "accounts"}},
		{"one twice", claims{"scope": []string{"accounts", "openid", "accounts"}}, "accounts openid", []string{"accounts", "openid"}},
		{"none", claims{"scope": []string{}}, "", []string{}},
		{"all that the roles allow", claims{"scope": nil}, "accounts openid payments", []string{"accounts", "openid", "payments"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			registered, err := rule.Registered(&in31(t, mutual31(c.change)).Asked)
			if err != nil {
				t.Fatal(err)
			}
			later := claims{"tls_client_auth_subject_dn": subjectDN, "scope": c.scope, "token_endpoint_auth_signing_alg": "PS256"}
			wantMembers(t, "the record", plain(t, registered), later)
			for version, want := range map[string]claims{
				"obie-3.1": {"tls_client_auth_dn": subjectDN, "scope": c.words, "tls_client_auth_subject_dn": nil, "token_endpoint_auth_signing_alg": "PS256"},
				"obie-3.3": later,
			} {
				// What the statement says by the version's names, or by the record's, says nothing of the client.
				p := loadProfile(t, version)
				says := claims{"Scope": "evil", "tls_client_auth_subject_dn": "evil", p.Named("tls_client_auth_subject_dn"): "evil"}
				body, err := rule.Answer(p, rule.Client{ID: "a-client", IssuedAt: 1, Metadata: registered, Statement: "aaa.bbb.ccc", Claims: says.object(t)})
				if err != nil {
					t.Fatal(err)
				}
				wantMembers(t, version, plain(t, body), want)
				if strings.Contains(fmt.Sprintf("%s", body), "evil") {
					t.Errorf("the statement speaks for the client: %s", body)
				}
			}
		})
	}
}

func wantMembers(t *testing.T, what string, got map[string]any, want claims) {
	t.Helper()
	for name, value := range want {
		member, has := got[name]
		if text, _ := json.Marshal(member); has != (value != nil) || has && string(text) != string(mustJSON(t, value)) {
			t.Errorf("%s: %s is %s, want %v", what, name, text, value)
		}
	}
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// 3.4 has other application types and another form of the DN; the rest is 3.3's.
func TestVersion34(t *testing.T) {
	for _, c := range []requestCase{
		{"good", nil, ""},
		{"native", claims{"application_type": "native"}, ""},
		{"mobile", claims{"application_type": "mobile"}, "dictionary.values /application_type"},
		{"with a certificate", mutual, ""},
		{"an escaped comma", mutual.with(claims{"tls_client_auth_subject_dn": `CN=x,O=A TPP\, PLC,C=GB`}), ""},
		{"a DN of 512 characters", mutual.with(claims{"tls_client_auth_subject_dn": "CN=" + strings.Repeat("x", 509)}), ""},
		{"one more", mutual.with(claims{"tls_client_auth_subject_dn": "CN=" + strings.Repeat("x", 510)}), "dictionary.length /tls_client_auth_subject_dn"},
		{"a DN that does not begin with CN", mutual.with(claims{"tls_client_auth_subject_dn": "C=GB,CN=x"}), "dictionary.pattern /tls_client_auth_subject_dn"},
		{"a form that is no DN", mutual.with(claims{"tls_client_auth_subject_dn": "CN=x,*=y"}), "tls_client_auth.dn /tls_client_auth_subject_dn"},
		{"the grant of RFC 7523", claims{"grant_types": []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := registration(t, c.change)
			r.Profile, r.Listed = loadProfile(t, "obie-3.4"), true
			if got := verdict(t, rule.Check(r)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
