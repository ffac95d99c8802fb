package registry

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
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
		"subject_types_supported":               []any{"public"},
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

// A requirement is of one member of the document.
type requirement struct {
	member string
	only   []string // the values that it may have; nil: it is a URL
	all    []string // the values that it must have
}

func (r requirement) problem(value any) string {
	text, isText := value.(string)
	list, isList := value.([]any)
	switch {
	case value == nil:
		return "is required"
	case r.only == nil:
		if u, err := url.Parse(text); !isText || err != nil || u.Scheme != "https" || u.Host == "" {
			return "must be an https URL"
		}
	case !isList || len(list) == 0:
		return "must be a JSON array"
	case slices.ContainsFunc(list, func(v any) bool { return !slices.Contains(r.only, fmt.Sprint(v)) }):
		return "contains invalid values"
	case slices.ContainsFunc(r.all, func(v string) bool { return !slices.Contains(list, any(v)) }):
		return "lacks a value"
	}
	return ""
}

// stock is what a stock client requires of the document, as Authlib's OpenIDProviderMetadata validates it and as the
// ACCC's mock data recipient reads it. Authlib also wants RS256 among the algorithms of ID tokens, which FAPI 1.0 Part 2
// (section 8.6) forbids.
var stock = []requirement{
	{member: "issuer"}, {member: "token_endpoint"}, {member: "jwks_uri"}, {member: "registration_endpoint"}, {member: "authorization_endpoint"},
	{member: "response_types_supported", only: []string{"code", "code id_token"}, all: []string{"code"}},
	{member: "grant_types_supported", only: []string{"client_credentials"}},
	{member: "subject_types_supported", only: []string{"public", "pairwise"}},
	{member: "token_endpoint_auth_methods_supported", only: []string{"private_key_jwt", "tls_client_auth"}},
	{member: "token_endpoint_auth_signing_alg_values_supported", only: []string{"PS256", "ES256"}}, // "none" MUST NOT be used
	{member: "id_token_signing_alg_values_supported", only: []string{"PS256", "ES256"}},
	{member: "request_object_signing_alg_values_supported", only: []string{"PS256", "ES256"}},
}

// jarm is what it requires beside that of a server whose profile has JARM, and of ID tokens that are encrypted.
var jarm = map[string][]any{
	"authorization_signing_alg_values_supported":    {"PS256", "ES256"},
	"authorization_encryption_alg_values_supported": {"RSA-OAEP", "RSA-OAEP-256"},
	"authorization_encryption_enc_values_supported": {"A256GCM", "A128CBC-HS256"},
	"id_token_encryption_alg_values_supported":      {"RSA-OAEP", "RSA-OAEP-256"},
	"id_token_encryption_enc_values_supported":      {"A256GCM", "A128CBC-HS256"},
}

// The document holds for stock clients with the routes of each shipped profile, and has the bank's own members.
func TestDiscoveryForStockClients(t *testing.T) {
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *config.Version) {
				for i := range c.File.Routes {
					if route := &c.File.Routes[i]; route.Endpoint == routes.EndpointRegistration {
						route.Profile = name
					}
				}
				loaded, err := profile.Load(name)
				if err != nil {
					t.Fatal(err)
				}
				c.Profiles = map[string]*dcr.Profile{name: loaded}
				c.File.Metadata = routes.Metadata{"authorization_endpoint": `"https://login.example/authorize"`, "claims_supported": `["sub"]`, "subject_types_supported": `["pairwise"]`}
			})
			got := w.do(call{route: "discovery", method: "GET", target: "/.well-known/openid-configuration"}).json
			for _, required := range stock {
				if problem := required.problem(got[required.member]); problem != "" {
					t.Errorf("%s %s: %v", required.member, problem, got[required.member])
				}
			}
			for member, want := range jarm {
				if has, wanted := got[member], name == "cdr-au" || name == "generic-0.1" && strings.HasPrefix(member, "id_token_"); wanted != (has != nil) || wanted && !reflect.DeepEqual(has, any(want)) {
					t.Errorf("%s: %v", member, has)
				}
			}
			if !reflect.DeepEqual(got["claims_supported"], []any{"sub"}) || !reflect.DeepEqual(got["subject_types_supported"], []any{"pairwise"}) {
				t.Errorf("the bank's own members are not there: %v", got)
			}
		})
	}
}

// The reader of routes.yaml knows which members are the registry's own.
func TestOwnMetadata(t *testing.T) {
	var own []string
	for field := range reflect.TypeFor[metadata]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != subjectTypes {
			own = append(own, name)
		}
	}
	if want := slices.Sorted(slices.Values(routes.OwnMetadata)); !slices.Equal(slices.Sorted(slices.Values(own)), want) {
		t.Errorf("have %q, want %q", own, want)
	}
}
