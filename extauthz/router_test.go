package extauthz

import (
	"context"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// TestNothingIsNo asks what no Envoy of ours would ask.
func TestNothingIsNo(t *testing.T) {
	w := newWorld(t)
	http := func(method, path string) *authv3.CheckRequest { return ask{method: method, path: path}.request() }
	tests := []struct {
		name  string
		check *authv3.CheckRequest
	}{
		{"nil", nil},
		{"a zero request", &authv3.CheckRequest{}},
		{"no request in it", &authv3.CheckRequest{Attributes: &authv3.AttributeContext{}}},
		{"no HTTP in it", &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{}}}},
		{"no method", http("", "/accounts")},
		{"no path", http("GET", "")},
		{"an invalid path", http("GET", "accounts")},
		{"a star", http("OPTIONS", "*")},
		{"a nil header", &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{
			Http: &authv3.AttributeContext_HttpRequest{HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{nil}}},
		}}}},
		{"no extensions", http("GET", "/jwks")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := checkGate(t, w.gate, test.check); got.verdict() != "503 internal" {
				t.Errorf("got %q, want a 503", got.verdict())
			}
		})
	}
}

// TestFind asks which requests are a route's. Whatever Envoy says, the gate looks for itself.
func TestFind(t *testing.T) {
	w := newWorld(t)
	id := w.client.GetId()
	compact, _ := w.token("accounts")
	good := w.reading(compact)
	changed := func(change func(*ask)) ask { a := good; change(&a); return a }
	tests := []struct {
		name, want string
		ask        ask
	}{
		{"its own request", "200", good},
		{"a path with a client's id", "200", w.ask("client", "GET", "/register/"+id, [2]string{"authorization", "Bearer " + compact})},
		{"a query full of what no path has", "200", changed(func(a *ask) { a.path = `/accounts?next=//x\#` })},
		{"an empty query", "200", changed(func(a *ask) { a.path = "/accounts?" })},

		{"another version", "503 internal", changed(func(a *ask) { a.version = "fedcba9876543210" })},
		{"no version", "503 internal", changed(func(a *ask) { a.version = "" })},
		{"a route that is not configured", "503 internal", changed(func(a *ask) { a.route = "nowhere" })},
		{"another listener", "503 internal", changed(func(a *ask) { a.listener = "public" })},
		{"no listener", "503 internal", changed(func(a *ask) { a.listener = "" })},
		{"the route for another method", "503 internal", w.ask("client", "PUT", "/register/"+id, [2]string{"authorization", "Bearer " + compact})},
		{"another path", "503 internal", changed(func(a *ask) { a.path = "/balances" })},
		{"the path in capitals", "503 internal", changed(func(a *ask) { a.path = "/Accounts" })},
		{"a slash more", "503 internal", changed(func(a *ask) { a.path = "/accounts/" })},
		{"a segment more", "503 internal", changed(func(a *ask) { a.path = "/accounts/1" })},
		{"the path escaped", "503 internal", changed(func(a *ask) { a.path = "/%61ccounts" })},
		{"the public route's name for another path", "503 internal", changed(func(a *ask) { a.route, a.listener = "jwks", "public" })},
		{"the public route on another listener", "503 internal", w.ask("jwks", "GET", "/jwks")},

		{"a semicolon", "400 path.form", changed(func(a *ask) { a.path = "/accounts;x=1" })},
		{"two slashes", "400 path.form", changed(func(a *ask) { a.path = "//accounts" })},
		{"a backslash", "400 path.form", changed(func(a *ask) { a.path = `/accounts\` })},
		{"a fragment", "400 path.form", changed(func(a *ask) { a.path = "/accounts#x" })},
		{"a fragment, and no route", "400 path.form", changed(func(a *ask) { a.route, a.path = "", "/x#y" })},

		{"no route", "404 route.path", changed(func(a *ask) { a.route, a.path = "", "/nowhere" })},
		{"no route, for a path that there is", "404 route.path", changed(func(a *ask) { a.route = "" })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.want(t, test.ask, test.want)
		})
	}
}

// TestNewPolicyRefuses a careless configuration, before anything is served by it.
func TestNewPolicyRefuses(t *testing.T) {
	w := newWorld(t)
	route := func(change func(*routes.Route)) []filter.Ready {
		r := &routes.Route{Name: "a", Path: "/a", Methods: []string{"GET"}, Listener: "mtls", Checks: []string{"certificate", "bearer"}, Facts: routes.FactsSigned}
		change(r)
		return []filter.Ready{{Route: r, Budget: time.Second}}
	}
	tests := []struct {
		name   string
		routes []filter.Ready
		want   string
	}{
		{"a good one", route(func(*routes.Route) {}), ""},
		{"no checks", route(func(r *routes.Route) { r.Checks = nil }), "route a: a route without checks must say that it is public"},
		{"an empty list of checks, and an endpoint", route(func(r *routes.Route) { r.Checks, r.Endpoint = []string{}, "jwks" }), "must say that it is public"},
		{"an unknown check", route(func(r *routes.Route) { r.Checks = []string{"certificate", "magic"} }), "is unknown or named twice"},
		{"a check without what it needs", route(func(r *routes.Route) { r.Checks = []string{"bearer"} }), "the check bearer needs the check certificate"},
		{"a check without what it compares with", route(func(r *routes.Route) { r.Checks = []string{"certificate", "bearer", "scope"} }), "the check scope needs scopes"},
		{"a check that nobody made", route(func(r *routes.Route) { r.Checks, r.Users = []string{"certificate", "basic"}, "u" }), "the check basic is not available"},
		{"public, with checks", route(func(r *routes.Route) { r.Public = true }), "a public route has no checks"},
		{"a profile that is not there", route(func(r *routes.Route) { r.Profile = "x" }), "its profile is not part of the version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy, err := NewPolicy(PolicyConfig{Routes: test.routes, Filters: w.filters(), Version: version})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || policy != nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, %v, want an error with %q", policy, err, test.want)
			}
		})
	}
}

// scripted is a filter that does what a test says.
type scripted func(ctx context.Context, r *filter.Request) error

func (s scripted) Check(ctx context.Context, r *filter.Request) error { return s(ctx, r) }

// TestOrder runs the checks of routes that name them backwards.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	var ran []string
	filters := map[string]filter.Filter{}
	for _, name := range []string{"statement", "role", "scope", "owner", "bearer", "clientauth", "certificate"} {
		filters[name] = scripted(func(context.Context, *filter.Request) error { ran = append(ran, name); return nil })
	}
	gate := w.newGate(filters)
	for route, want := range map[string]string{
		"client-update": "certificate bearer owner statement", "register": "certificate statement", "token": "certificate clientauth",
		"accounts": "certificate bearer scope", "consents": "certificate bearer role", "jwks": "",
	} {
		r := gate.known(version).routes[route]
		ran = nil
		a := w.ask(route, r.Methods[0], strings.Replace(r.Path, "{ClientId}", "id", 1))
		a.listener = r.Listener
		if got := checkGate(t, gate, a.request()); !got.allowed || strings.Join(ran, " ") != want {
			t.Errorf("%s: %s after %v, want %s", route, got.verdict(), ran, want)
		}
	}
}

// TestOtherMethods asks for what no route of a path has: all that they have is named.
func TestOtherMethods(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ route, method, path, allow string }{
		{"accounts", "POST", "/accounts", "GET"},
		{"accounts", "get", "/accounts", "GET"},
		{"account", "DELETE", "/accounts/%2f", "GET"},
		{"client", "PATCH", "/register/1", "DELETE, GET, PUT"},
		{"client-update", "PATCH", "/register/1", "DELETE, GET, PUT"},
	} {
		got := w.want(t, w.ask(test.route, test.method, test.path), "405 route.method")
		if allow := got.header.Get("Allow"); allow != test.allow {
			t.Errorf("%s %s: Allow is %q, want %q", test.method, test.path, allow, test.allow)
		}
	}
}

// TestEscapes asks for accounts whose ids another server might take for something else.
func TestEscapes(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	for id, want := range map[string]string{
		"22289": "200", "a%20b": "200", "%C3%A9": "200",
		"%2Fx": "400 path.form", "%252fx": "400 path.form", "%3Fx": "400 path.form", "%3b": "400 path.form", "%0a": "400 path.form",
		"%c0%af": "400 path.form", "%2": "400 path.form", "%zz": "400 path.form", "%+1": "400 path.form",
	} {
		w.want(t, w.ask("account", "GET", "/accounts/"+id, [2]string{"authorization", "Bearer " + compact}), want)
	}
}

func TestPlainlyEscaped(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/a/b": true, "/a%20b": true, "/%C3%A9": true, "/%7e%41": true,
		"/%": false, "/%4": false, "/%4g": false, "/%+4": false, "/%25": false, "/%2f": false, "/%2F": false, "/%5c": false, "/%3b": false,
		"/%3f": false, "/%23": false, "/%00": false, "/%1F": false, "/%7f": false,
		"/%c0%af": false, "/%c0%ae%c0%ae": false, "/%ff": false, "/%e2%82": false, "/%ED%A0%80": false, "/\xc3%a9": true, "/%e2%82%ac": true, "/ok%20then%2f": false,
	} {
		if plainlyEscaped(path) != want {
			t.Errorf("%s: %t", path, !want)
		}
	}
}
