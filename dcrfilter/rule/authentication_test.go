package rule_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// mutual is a good request of a client that authenticates with its certificate.
var mutual = claims{
	"token_endpoint_auth_method": "tls_client_auth", "token_endpoint_auth_signing_alg": nil, "tls_client_auth_subject_dn": subjectDN,
}

func TestAuthentication(t *testing.T) {
	runRequests(t, []requestCase{
		{"tls_client_auth", mutual, ""},
		{"jwks", claims{"jwks": claims{"keys": []any{}}}, "keys.jwks /jwks"},
		{"another jwks_uri", claims{"jwks_uri": "https://tpp.example/jwks"}, "keys.jwks_uri /jwks_uri"},
		{"jwks_uri of the statement", claims{"jwks_uri": jwksURL}, ""},
		{"jwks_uri as an array", claims{"jwks_uri": []string{jwksURL}}, "keys.jwks_uri /jwks_uri"},
		{"private_key_jwt without alg", claims{"token_endpoint_auth_signing_alg": nil}, "auth_signing_alg /token_endpoint_auth_signing_alg"},
		{"alg with tls_client_auth is ignored", mutual.with(claims{"token_endpoint_auth_signing_alg": "PS256"}), ""},
		{"DN with private_key_jwt", claims{"tls_client_auth_subject_dn": subjectDN}, "tls_client_auth.without /tls_client_auth_subject_dn"},
		{"no DN", mutual.with(claims{"tls_client_auth_subject_dn": nil}), "tls_client_auth.missing /tls_client_auth_subject_dn"},
		{"DN in the other order", mutual.with(claims{"tls_client_auth_subject_dn": "C=GB, O=OpenBanking, OU=" + orgID + ", CN=" + softwareID}), ""},
		{"DN as curl prints it", mutual.with(claims{"tls_client_auth_subject_dn": "C=GB; O=OpenBanking; OU=" + orgID + "; CN=" + softwareID}), ""},
		{"DN as Node prints it", mutual.with(claims{"tls_client_auth_subject_dn": "C=GB\nO=OpenBanking\nOU=" + orgID + "\nCN=" + softwareID}), ""},
		{"DN with an OID", mutual.with(claims{"tls_client_auth_subject_dn": "CN=x,2.5.4.97=#0c0a5053444742 2d464341"}), "tls_client_auth.dn /tls_client_auth_subject_dn"},
		{"no DN at all", mutual.with(claims{"tls_client_auth_subject_dn": "a tpp"}), "tls_client_auth.dn /tls_client_auth_subject_dn"},
		{"DN with an empty RDN", mutual.with(claims{"tls_client_auth_subject_dn": "CN=x,,C=GB"}), "tls_client_auth.dn /tls_client_auth_subject_dn"},
		{"san_dns", mutual.with(claims{"tls_client_auth_san_dns": "tpp.example"}), "tls_client_auth.san /tls_client_auth_san_dns"},
		{"san_uri", claims{"tls_client_auth_san_uri": "x"}, "tls_client_auth.san /tls_client_auth_san_uri"},
		{"san_ip", mutual.with(claims{"tls_client_auth_san_ip": "x"}), "tls_client_auth.san /tls_client_auth_san_ip"},
		{"san_email", mutual.with(claims{"tls_client_auth_san_email": nil, "tls_client_auth_san_uri": 1}), "tls_client_auth.san /tls_client_auth_san_uri"},
	})
}

func TestAuthMethodsOffered(t *testing.T) {
	r := registration(t, mutual)
	r.AuthMethods = []string{"private_key_jwt"}
	if got, want := verdict(t, rule.Check(r)), "auth_method /token_endpoint_auth_method"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A client that could never get a token is not registered.
func TestWhatIsRegisteredCanBeUsed(t *testing.T) {
	named := func(name string) claims { return mutual.with(claims{"tls_client_auth_subject_dn": name}) }
	const subject, ciba = "tls_client_auth.subject /tls_client_auth_subject_dn", "urn:openid:params:grant-type:ciba"
	only := func(algorithms ...string) func(*dcr.Registration) {
		return func(r *dcr.Registration) { r.Algorithms = algorithms }
	}
	for _, c := range []struct {
		name    string
		request claims
		found   func(*dcr.Registration) // in the directory
		want    string
	}{
		{name: "another's name", request: named("CN=tpp.example.com,O=Some Fintech Ltd,C=GB"), want: subject},
		{name: "a part of the name", request: named("CN=" + softwareID), want: subject},
		{name: "another's name, which the directory lists", request: named("CN=tpp.example.com"), found: func(r *dcr.Registration) { r.Listed = true }},
		{name: "no certificate", request: mutual, found: func(r *dcr.Registration) { r.Subject = nil }, want: subject},
		{name: "a name that is not asked for", found: func(r *dcr.Registration) { r.Subject = nil }},

		{name: "no key for the assertion", found: only("ES256"), want: "auth_signing_alg.key /token_endpoint_auth_signing_alg"},
		{name: "no key at all", found: only(), want: "auth_signing_alg.key /token_endpoint_auth_signing_alg, auth_signing_alg.request /request_object_signing_alg"},
		{name: "no key for request objects", found: only("PS256"), want: "auth_signing_alg.request /request_object_signing_alg"},
		{name: "no key, and no request objects", found: only("PS256"), request: claims{"grant_types": []string{"client_credentials"}, "response_types": nil}},
		{name: "no key, and no assertions", found: only(), request: mutual.with(claims{"grant_types": []string{"client_credentials"}, "response_types": []string{}})},
		{name: "no key for CIBA", found: only("PS256"), request: claims{
			"grant_types": []string{"client_credentials", ciba}, "response_types": nil, "backchannel_token_delivery_mode": "poll",
			"backchannel_authentication_request_signing_alg": "ES256",
		}, want: "auth_signing_alg.request /backchannel_authentication_request_signing_alg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := registration(t, c.request)
			if c.found != nil {
				c.found(r)
			}
			if got := verdict(t, rule.Check(r)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// How the name differs is said as dn compare says it, in bounds, and with single letters of it only.
func TestDifferencesAreSaid(t *testing.T) {
	long := strings.Repeat("1.2.3.4.5.6.7.8.", 40) + "9"
	for _, c := range []struct{ asked, want string }{
		{strings.Replace(subjectDN, "CN="+softwareID, "CN=x"+softwareID[1:], 1), "CN differs from character 1 on"},
		{"C=GB,O=OpenBanking,OU=" + orgID, "CN is missing"},
		{subjectDN + ",L=London", "it has no L"},
		{"OU=" + orgID + ",CN=" + softwareID + ",O=OpenBanking,C=GB", "the RDNs stand in another order"},
		{`CN=\"\C3\A9`, "? (U+0022)"},
		{"CN=x," + long + "=y,STREET=a,L=b,ST=c,DC=d", ";"},
	} {
		r := registration(t, mutual.with(claims{"tls_client_auth_subject_dn": c.asked}))
		r.Profile.Members["tls_client_auth_subject_dn"] = &dcr.Member{Type: dcr.TypeString, In: dcr.InBoth}
		refusal := dcr.AsRefusal(rule.Check(r))
		if refusal.Rule != "tls_client_auth.subject" || !strings.Contains(refusal.Because, c.want) {
			t.Errorf("%.60s: %s %q, want %q", c.asked, refusal.Rule, refusal.Because, c.want)
		}
		if bad := strings.Trim(refusal.Because, refusable); bad != "" || len(refusal.Because) > 200 {
			t.Errorf("%.60s: %d characters, with %q", c.asked, len(refusal.Because), bad)
		}
	}
}

// refusable are the characters of an error_description (RFC 6749, section 5.2).
var refusable = func() string {
	var all strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		if c != '"' && c != '\\' {
			all.WriteByte(c)
		}
	}
	return all.String()
}()
