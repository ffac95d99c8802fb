package dcrclient

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

func TestProfiles(t *testing.T) {
	for _, test := range []struct {
		name, body, claim string
		has               bool
		methods           int
	}{
		{"obie-3.1", "jws", "software_id", true, 2},
		{"obie-3.4", "jws", "scope", true, 2},
		{"generic-0.1", "jws", "id_token_encrypted_response_enc", true, 2},
		{"is-json", "json", "scope", true, 2},
		{"cdr-au", "jws", "scope", false, 1},
	} {
		p, err := Find(test.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, has := p.Claims[test.claim]; has != test.has || p.Body != test.body || len(p.Authentication) != test.methods || len(p.ContentTypes) == 0 {
			t.Errorf("%s is %+v", test.name, p)
		}
	}
	if base, err := Find("obie-3.3"); err != nil || base.Claims["scope"] == nil || base.Claims["id_token_encrypted_response_enc"] != nil {
		t.Errorf("what extends a profile has changed it: %v, %v", base.Claims, err)
	}
}

// software is a software product whose statement says what a test gives it.
func software(t *testing.T, profile string, statement map[string]any) *Software {
	t.Helper()
	text, err := (&JWT{Header: map[string]any{}, Claims: statement}).Compact()
	if err != nil {
		t.Fatal(err)
	}
	return &Software{Profile: profile, Audience: "a bank", Signing: testkit.EC(t), SigningKeyID: "a key", StatementText: text}
}

// What the statement says is registered; what it does not say is left out, for the bank to miss.
func TestRegistration(t *testing.T) {
	whole := map[string]any{
		"software_id": "s1", "software_redirect_uris": []string{"https://a", "https://b"}, "software_roles": []string{"AISP", "CBPII", "NONE"}, "software_client_name": "n",
	}
	for _, test := range []struct {
		name, profile string
		statement     map[string]any
		change        func(*Software)
		want          map[string]any // nil for a claim that must not be there
	}{
		{"an honest client", "obie-3.3", whole, nil, map[string]any{
			"iss": "s1", "software_id": "s1", "aud": "a bank", "redirect_uris": []string{"https://a", "https://b"}, "scope": "openid accounts fundsconfirmations",
			"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "tls_client_auth_subject_dn": nil,
		}},
		{"its own choice", "obie-3.3", whole, func(s *Software) { s.Scope, s.RedirectURIs = "accounts", []string{"https://b"} }, map[string]any{
			"scope": "accounts", "redirect_uris": []string{"https://b"},
		}},
		{"scopes as a list", "obie-3.1", whole, nil, map[string]any{"scope": []string{"openid", "accounts", "fundsconfirmations"}}},
		{"more claims", "is-json", whole, nil, map[string]any{"client_name": "n", "ext_application_display_name": "n", "jwks_uri": nil}},
		{"one role that stands alone", "obie-3.3", map[string]any{"software_roles": "PISP"}, nil, map[string]any{"scope": "openid payments", "iss": nil, "redirect_uris": nil}},
		{"a method that the profile does not have", "cdr-au", whole, func(s *Software) { s.AuthMethod = TLSClientAuth }, map[string]any{
			"token_endpoint_auth_method": "tls_client_auth", "scope": nil,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := software(t, test.profile, test.statement)
			if test.change != nil {
				test.change(s)
			}
			request, err := s.Registration()
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range test.want {
				if got := request.Claims[name]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			if request.Header["kid"] != "a key" || request.Header["alg"] != "ES256" || request.Key != s.Signing {
				t.Errorf("the header is %v, or the key another", request.Header)
			}
		})
	}
}

func TestRegistrationThatCannotBe(t *testing.T) {
	for _, test := range []struct {
		name, profile string
		change        func(*Software)
		want          string
	}{
		{"no such profile", "obie-9", func(*Software) {}, "no profile is called obie-9"},
		{"a scope that is not asked for", "cdr-au", func(s *Software) { s.Scope = "openid" }, "cdr-au has no scope"},
		{"no statement", "obie-3.3", func(s *Software) { s.StatementText = "a.b" }, "the software statement is not a signed JWT"},
		{"no certificate to name", "obie-3.3", func(s *Software) { s.AuthMethod = TLSClientAuth }, "no transport certificate"},
	} {
		s := software(t, test.profile, map[string]any{})
		test.change(s)
		if _, err := s.Registration(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func TestBody(t *testing.T) {
	claims := &JWT{Claims: map[string]any{"a": 1}}
	for profile, want := range map[string]string{"is-json": `application/json {"a":1}`, "obie-3.3": "application/jwt bnVsbA.eyJhIjoxfQ."} {
		contentType, body, err := software(t, profile, nil).Body(claims)
		if got := contentType + " " + string(body); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", profile, got, err, want)
		}
	}
}

func TestTokenForm(t *testing.T) {
	for _, test := range []struct {
		profile, method, scope string
		want                   string // the form but for the assertion
	}{
		{"obie-3.3", "", "", "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&grant_type=client_credentials"},
		{"obie-3.3", TLSClientAuth, "accounts", "client_id=c1&grant_type=client_credentials&scope=accounts"},
		{"cdr-au", TLSClientAuth, "", "client_id=c1&grant_type=client_credentials&scope=cdr%3Aregistration"},
	} {
		s := software(t, test.profile, nil)
		s.AuthMethod = test.method
		form, err := s.TokenForm("c1", test.scope, s.Assertion("c1", "an issuer"))
		if err != nil {
			t.Fatal(err)
		}
		if form.Has("client_assertion") {
			assertion, err := ParseJWT(form.Get("client_assertion"))
			if err != nil || assertion.Claims["iss"] != "c1" || assertion.Claims["sub"] != "c1" || assertion.Claims["aud"] != "an issuer" {
				t.Errorf("%v: the assertion is not the client's", err)
			}
			form.Del("client_assertion")
		}
		if form.Encode() != test.want {
			t.Errorf("%s, want %s", form.Encode(), test.want)
		}
	}
}

func TestClientURL(t *testing.T) {
	for endpoint, want := range map[string]string{"https://a/register": "https://a/register/c%2F1", "https://a/register/": "https://a/register/c%2F1"} {
		if got := ClientURL(endpoint, "c/1"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
