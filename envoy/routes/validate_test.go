package routes_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

func TestValidateRefuses(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"http issuer", "issuer: https:", "issuer: http:", "1:9: issuer: must be an https URL"},
		{"issuer with a query", "issuer: https://127.0.0.1:8444", "issuer: https://a/?b", "issuer: must be an https URL"},
		{"no audiences", `audiences: ["0015800001HQQrZAAX"]`, "audiences: []", "2:12: audiences: must not be missing or empty"},
		{"audience twice", `["0015800001HQQrZAAX"]`, `[a, a]`, "audiences[1]: is there twice"},
		{"empty audience", `["0015800001HQQrZAAX"]`, `[""]`, "audiences[0]: must not be empty"},
		{"directory is not there", "[directory.yaml]", "[other.yaml]", "3:15: directories[0]: must be the name of a file"},
		{"directory is a folder", "[directory.yaml]", `["."]`, "directories[0]: must be the name of a file"},
		{"no directories", "directories: [directory.yaml]\n", "", "directories: must not be missing or empty"},
		{"auth method", "[private_key_jwt", "[client_secret_basic", "auth_methods[0]: must be one of private_key_jwt"},
		{"no token audience", "  audience: https", "  lifetime: 1s #", "tokens.audience: must be an https URL"},
		{"negative lifetime", "tokens:", "tokens:\n  lifetime: -1s", "tokens.lifetime: must be longer than nothing"},
		{"token key is not there", "tokens:", "tokens:\n  keys: [none.pem]", "tokens.keys[0]: must be the name of a file"},
		{"listener address", "address: 127.0.0.1:8443", "address: localhost:8443", "listeners.mtls.address: must be IP:PORT"},
		{"listener port", "address: 127.0.0.1:8443", "address: 127.0.0.1:0", "listeners.mtls.address: must be IP:PORT"},
		{"address twice", "address: 127.0.0.1:8444", "address: 127.0.0.1:8443", `listeners.public.address: is the address of listener "mtls" too`},
		{"listener URL with a path", "url: https://127.0.0.1:8443", "url: https://127.0.0.1:8443/", "listeners.mtls.url: must end after"},
		{"no certificate", "    certificate: server.pem\n", "", "listeners.mtls.certificate: must be the name of a file"},
		{"client certificate", "client_certificate: required", "client_certificate: optional", "15:25: listeners.mtls.client_certificate: must be required or none"},
		{"listener name", "  public:", "  Public:", "listeners.Public: a name is"},
		{"upstream address", `"127.0.0.1:8446"`, `"127.0.0.1"`, "25:19: upstreams.bank.address: must be unix:PATH or HOST:PORT"},
		{"upstream port", `"127.0.0.1:8446"`, `"127.0.0.1:65536"`, "upstreams.bank.address: must end with a port"},
		{"upstream socket", `"unix:run/registry.sock"`, `"unix:"`, "upstreams.registry.address: unix: needs the path"},
		{"upstream timeout", "timeout: 5s", "timeout: -5s", "upstreams.registry.timeout: must be longer than nothing"},
		{"upstream name", "  bank:", "  gate:", "upstreams.gate: is a name that the gateway uses itself"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, c.from, c.to, c.want) })
	}
}

func TestValidateRefusesRoute(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"route name", "name: accounts", "name: Accounts!", "routes[5].name: a name is"},
		{"name twice", "name: accounts", "name: token", "routes[5].name: is the name of routes[3] too"},
		{"relative path", "path: /oauth2/token", "path: oauth2/token", "46:25: routes[3].path: must begin with /"},
		{"slash at the end", "path: /oauth2/token", "path: /oauth2/token/", "must not have an empty segment or end with /"},
		{"two slashes", "path: /oauth2/token", "path: /oauth2//token", "must not have an empty segment or end with /"},
		{"dots", "path: /oauth2/token", "path: /oauth2/../token", "must not have dot segments"},
		{"path parameter", "path: /oauth2/token", `path: "/oauth2/token;a"`, "a segment is letters, digits"},
		{"escape", "path: /oauth2/token", "path: /oauth2%2ftoken", "a segment is letters, digits"},
		{"half a param", "register/{ClientId}", "register/x{ClientId}", "a segment is letters, digits"},
		{"param name", "register/{ClientId}", "register/{Client-Id}", "a {Name} must be a letter"},
		{"param twice", "register/{ClientId}", "{ClientId}/{ClientId}", "one {Name} twice"},
		{"no methods", "methods: [POST]", "methods: []", "routes[0].methods: must not be missing or empty"},
		{"method", "methods: [POST]", "methods: [post]", "30:15: routes[0].methods[0]: must be one of GET"},
		{"method twice", "methods: [POST]", "methods: [POST, POST]", "routes[0].methods[1]: is there twice"},
		{"path and method twice", "methods: [PUT]", "methods: [PUT, GET]", "routes[2].path: routes[1] has this path and GET on this listener already"},
		{"listener", "listener: public", "listener: other", `routes[4].listener: no listener has the name "other"`},
		{"checks without certificate", "methods: [POST], checks", "methods: [POST], listener: public, checks", `listener "public" does not require a client certificate`},
		{"upstream", "upstream: bank", "upstream: other", `routes[5].upstream: no upstream has the name "other"`},
		{"no upstream", "    upstream: bank\n", "", "routes[5].upstream: no upstream has the name"},
		{"registry without endpoint", "upstream: bank", "upstream: registry", "routes[5].endpoint: must be said"},
		{"unknown check", "[certificate, bearer, scope]", "[certificate, bearer, scope, mood]", "routes[5].checks[3]: must be one of certificate"},
		{"check twice", "[certificate, bearer, scope]", "[certificate, bearer, scope, scope]", "routes[5].checks[3]: is there twice"},
		{"no checks", "    checks: [certificate, bearer, scope]\n    scopes: [accounts]\n", "", "routes[5].checks: must not be missing or empty"},
		{"public with checks", "    token: true", "    public: true", "routes[5].public: a public route has no checks"},
		{"scope check without scopes", "    scopes: [accounts]\n", "", "routes[5].scopes: scopes and the check scope need each other"},
		{"scopes without the check", "bearer, scope]", "bearer]", "routes[5].scopes: scopes and the check scope need each other"},
		{"owner without a client", "register/{ClientId}", "register/{Id}", "routes[1].path: the check owner needs a segment {ClientId}"},
		{"no profile", "    profile: obie-3.3\n", "", "routes[0].profile: a profile and the endpoint registration need each other"},
		{"profile elsewhere", "upstream: bank", "upstream: bank\n    profile: obie-3.3", "routes[5].profile: a profile and"},
		{"endpoint", "endpoint: token", "endpoint: tokens", "routes[3].endpoint: must be one of discovery"},
		{"method of an endpoint", "methods: [POST], checks", "methods: [POST, GET], checks", "routes[3].methods[1]: the endpoint token does not have it"},
		{"endpoint without its check", "[certificate, clientauth]", "[certificate]", "routes[3].checks: POST at the endpoint token needs the check clientauth"},
		{"body limit", "512B", "65KiB", "55:17: routes[5].body_limit: must be 64KiB at most"},
		{"timeout", "700ms", "-1s", "routes[5].timeout: must be longer than nothing"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, c.from, c.to, c.want) })
	}
}

func refuses(t *testing.T, from, to, want string) {
	t.Helper()
	_, err := routes.Read(edit(t, from, to))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("have %v, want %s", err, want)
	}
}

func TestValidateFindsEverythingAtOnce(t *testing.T) {
	_, err := routes.Read(edit(t, "  - name: register\n    path: /", "  - name: Register\n    listener: other\n    path: "))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"routes[0].name", "routes[0].path", "routes[0].listener"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
}

// A File made in code has no text; its problems have paths all the same.
func TestValidateWithoutText(t *testing.T) {
	err := new(routes.File).Validate()
	if err == nil || !strings.HasPrefix(err.Error(), "issuer: must be an https URL") {
		t.Errorf("have %v", err)
	}
}
