package registry

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

func TestDiscovery(t *testing.T) {
	w := newWorld(t, func(c *config.Version) { c.File.AuthMethods = []string{"private_key_jwt"} })
	got := w.do(call{route: "discovery", method: "GET", target: "/.well-known/openid-configuration"})
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "public, max-age=60" {
		t.Fatalf("got %d %v", got.status, got.header)
	}
	algorithms, methods := []any{"PS256", "ES256"}, []any{"private_key_jwt"}
	want := map[string]any{
		"issuer": issuer, "registration_endpoint": mtls + collection, "token_endpoint": mtls + "/token",
		"revocation_endpoint": mtls + "/revoke", "introspection_endpoint": mtls + "/introspect", "jwks_uri": issuer + "/jwks",
		"mtls_endpoint_aliases": map[string]any{
			"registration_endpoint": mtls + collection, "token_endpoint": mtls + "/token",
			"revocation_endpoint": mtls + "/revoke", "introspection_endpoint": mtls + "/introspect",
		},
		"scopes_supported":      []any{"accounts", "fundsconfirmations", "openid", "payments"},
		"grant_types_supported": []any{"client_credentials"}, "response_types_supported": []any{"code", "code id_token"},
		"token_endpoint_auth_methods_supported": methods, "token_endpoint_auth_signing_alg_values_supported": algorithms,
		"revocation_endpoint_auth_methods_supported": methods, "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
		"introspection_endpoint_auth_methods_supported": methods, "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
		"id_token_signing_alg_values_supported": algorithms, "request_object_signing_alg_values_supported": algorithms,
		"tls_client_certificate_bound_access_tokens": true,
	}
	if !reflect.DeepEqual(got.json, want) {
		t.Errorf("got %v\nwant %v", got.json, want)
	}
}

func TestDiscoveryNamesOnlyWhatIsThere(t *testing.T) {
	w := newWorld(t, func(c *config.Version) { c.File.Routes = c.File.Routes[6:] })
	got := w.do(call{route: "discovery", method: "GET", target: "/.well-known/openid-configuration"})
	for _, name := range []string{"registration_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"} {
		if _, named := got.json[name]; named {
			t.Errorf("%s is named", name)
		}
	}
	if aliases, _ := got.json["mtls_endpoint_aliases"].(map[string]any); len(aliases) != 0 || got.json["jwks_uri"] != issuer+"/jwks" {
		t.Errorf("got %s", got.body)
	}
}

func TestJWKS(t *testing.T) {
	w := newWorld(t)
	got := w.do(call{route: "jwks", method: "GET", target: "/jwks"})
	keys, _ := got.json["keys"].([]any)
	if got.status != http.StatusOK || got.header.Get("Cache-Control") != "public, max-age=30" || len(keys) != 1 {
		t.Fatalf("got %d %v %s", got.status, got.header, got.body)
	}
	key := keys[0].(map[string]any)
	if key["kty"] != "RSA" || key["alg"] != "PS256" || key["use"] != "sig" || key["kid"] == nil || key["d"] != nil || key["p"] != nil {
		t.Errorf("the key is %v", key)
	}
}

// The keys of all gates verify facts, those too whose gate has ended within the hour.
func TestFactsKeys(t *testing.T) {
	w := newWorld(t)
	second := w.newGate()
	got := w.do(call{route: "facts-keys", method: "GET", target: "/facts/jwks"})
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "public, max-age=60" {
		t.Fatalf("got %d %v", got.status, got.header)
	}
	set, err := jose.ParseKeySet([]byte(got.body))
	if err != nil || len(set.KeyIDs) != 2 || !set.KeyIDs[w.gate.KeyID()] || !set.KeyIDs[second.KeyID()] {
		t.Errorf("got %s, %v", got.body, err)
	}
}
