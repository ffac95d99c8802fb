package rule_test

import (
	"testing"

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
