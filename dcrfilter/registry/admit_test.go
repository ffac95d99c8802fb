package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func TestOnlyFactsAboutThisRequestAreTaken(t *testing.T) {
	w := newWorld(t)
	stranger := w.newGate()
	other := newWorld(t).gate // its key is not published here
	jwks := call{route: "jwks", method: "GET", target: "/jwks"}
	good := func() string { return w.sign(w.gate, bound(jwks)) }
	changed := func(change func(*dcrpb.Facts)) func(*http.Request) {
		return func(r *http.Request) {
			proved := bound(jwks)
			change(proved)
			r.Header.Set("X-Dcr-Facts", w.sign(w.gate, proved))
		}
	}
	spoilt := func(compact string) string { return compact[:len(compact)-4] + "AAAA" }
	tests := []struct {
		name  string
		after func(*http.Request)
		want  string
	}{
		{"no facts", func(r *http.Request) { r.Header.Del("X-Dcr-Facts") }, "facts.missing"},
		{"twice the same facts", func(r *http.Request) { r.Header.Add("X-Dcr-Facts", r.Header.Get("X-Dcr-Facts")) }, "facts.missing"},
		{"forged before the gate's", func(r *http.Request) { r.Header["X-Dcr-Facts"] = []string{"a.b.c", good()} }, "facts.missing"},
		{"two in one value", func(r *http.Request) { r.Header.Set("X-Dcr-Facts", good()+","+good()) }, "facts.signature"},
		{"empty facts", func(r *http.Request) { r.Header.Set("X-Dcr-Facts", "") }, "facts.signature"},
		{"unsigned", func(r *http.Request) { r.Header.Set("X-Dcr-Facts", `{"route":"jwks"}`) }, "facts.signature"},
		{"spoilt signature", func(r *http.Request) { r.Header.Set("X-Dcr-Facts", spoilt(good())) }, "facts.signature"},
		{"stale", changed(func(f *dcrpb.Facts) { f.Iat, f.Exp = f.Iat-60, f.Iat-30 }), "facts.stale"},
		{"from the future", changed(func(f *dcrpb.Facts) { f.Iat, f.Exp = f.Iat+30, f.Iat+60 }), "facts.stale"},
		{"a route that is not", changed(func(f *dcrpb.Facts) { f.Route = "none" }), "facts.route"},
		{"no route", changed(func(f *dcrpb.Facts) { f.Route = "" }), "facts.route"},
		{"a route of the bank's API", changed(func(f *dcrpb.Facts) { f.Route = "accounts" }), "facts.route"},
		{"a route of another method", changed(func(f *dcrpb.Facts) { f.Route = "token" }), "facts.route"},
		{"not bound to a request", changed(func(f *dcrpb.Facts) { f.Request = nil }), "facts.request"},
		{"another method", changed(func(f *dcrpb.Facts) { f.Request.Method = "POST" }), "facts.request"},
		{"another path", changed(func(f *dcrpb.Facts) { f.Request.Path = "/jwks/" }), "facts.request"},
		{"another query", changed(func(f *dcrpb.Facts) { f.Request.Path = "/jwks?a=1" }), "facts.request"},
		{"another body", changed(func(f *dcrpb.Facts) { f.Request.BodySha256 = strings.Repeat("A", 43) }), "facts.body"},
		{"no digest", changed(func(f *dcrpb.Facts) { f.Request.BodySha256 = "" }), "facts.body"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner := w.in(t)
			c := jwks
			c.after = test.after
			inner.want(inner.do(c), http.StatusForbidden, "access_denied", test.want)
		})
	}
	c := jwks
	c.after = func(r *http.Request) { r.Header.Set("X-Dcr-Facts", w.sign(stranger, bound(jwks))) }
	if got := w.do(c); got.status != http.StatusOK {
		t.Errorf("facts of a second gate: %d %s", got.status, got.body)
	}
	// A gate's key that Redis has lost is back in a second. Nobody is told that they did not come through the gateway.
	c.after = func(r *http.Request) { r.Header.Set("X-Dcr-Facts", w.sign(other, bound(jwks))) }
	got := w.do(c)
	w.want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "facts.key")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %s", got.header.Get("Retry-After"))
	}
}

func TestBodyThatWasNotVouchedFor(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	c := call{route: "register", method: "POST", target: collection, contentType: "application/jwt", body: s.request(nil), facts: s.proved("n")}
	c.after = func(r *http.Request) {
		r.Body = httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(newSoftware().request(nil))).Body
	}
	w.want(w.do(c), http.StatusForbidden, "access_denied", "facts.body")
	c.after = nil
	c.body = strings.Repeat("x", 64<<10+1)
	w.want(w.do(c), http.StatusRequestEntityTooLarge, "request_too_large", "body.size")
}

// Facts of one action are worthless for another, even where the method and path of both are one route's.
func TestFactsMustProveWhatTheEndpointNeeds(t *testing.T) {
	w := newWorld(t)
	s, another := newSoftware(), newSoftware()
	id := w.register(s, nil)
	one := collection + "/" + id
	request := s.request(nil)
	tests := []struct {
		name string
		call call
		want string
	}{
		{"registration without proof", call{route: "register", method: "POST", target: collection, body: request}, "facts.registration"},
		{"registration with a token's facts", call{route: "register", method: "POST", target: collection, body: request, facts: owner(id)}, "facts.registration"},
		{"registration of another software", call{route: "register", method: "POST", target: collection, body: request, facts: another.proved("n1")}, "facts.registration"},
		{"registration under another profile", call{route: "register", method: "POST", target: collection, body: request, facts: all(s.proved("n2"), func(f *dcrpb.Facts) { f.Registration.Profile = "obie-3.2" })}, "facts.registration"},
		{"registration of an unknown directory", call{route: "register", method: "POST", target: collection, body: request, facts: all(s.proved("n3"), func(f *dcrpb.Facts) { f.Registration.Software.Directory = "x" })}, "facts.registration"},
		{"registration without a certificate", call{route: "register", method: "POST", target: collection, body: request, facts: all(s.proved("n4"), func(f *dcrpb.Facts) { f.Certificate = nil })}, "facts.registration"},
		{"update without a registration", call{route: "client-update", method: "PUT", target: one, body: request, facts: owner(id)}, "facts.registration"},
		{"update without a token", call{route: "client-update", method: "PUT", target: one, body: request, facts: s.proved("n5")}, "facts.client"},
		{"read without a token", call{route: "client", method: "GET", target: one}, "facts.client"},
		{"read with client authentication", call{route: "client", method: "GET", target: one, facts: authenticated(id, "n6")}, "facts.client"},
		{"delete without a token", call{route: "client", method: "DELETE", target: one}, "facts.client"},
		{"delete with client authentication", call{route: "client", method: "DELETE", target: one, facts: authenticated(id, "n8")}, "facts.client"},
		{"token without a client", call{route: "token", method: "POST", target: "/token"}, "facts.client"},
		{"token with a token", call{route: "token", method: "POST", target: "/token", facts: owner(id)}, "facts.client"},
		{"token without a certificate", call{route: "token", method: "POST", target: "/token", facts: all(authenticated(id, "n7"), func(f *dcrpb.Facts) { f.Certificate = nil })}, "facts.client"},
		{"revocation with a token", call{route: "revoke", method: "POST", target: "/revoke", facts: owner(id)}, "facts.client"},
		{"introspection with a token", call{route: "introspect", method: "POST", target: "/introspect", facts: owner(id)}, "facts.client"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner := w.in(t)
			inner.want(inner.do(test.call), http.StatusForbidden, "access_denied", test.want)
		})
	}
	if got := w.get(id); got.status != http.StatusOK {
		t.Errorf("the client has gone: %d", got.status)
	}
}

// TestCapturedFacts: facts that somebody has seen on the way serve their own request alone: not another route, client,
// method, query or body, even where route and method of both are the same.
func TestCapturedFacts(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	mine, another := w.register(s, nil), w.register(newSoftware(), nil)
	calls := map[string]call{
		"read mine":       {route: "client", method: "GET", target: collection + "/" + mine, facts: owner(mine)},
		"read another":    {route: "client", method: "GET", target: collection + "/" + another, facts: owner(another)},
		"delete another":  {route: "client", method: "DELETE", target: collection + "/" + another, facts: owner(another)},
		"no client":       {route: "client", method: "GET", target: collection + "/"},
		"update another":  {route: "client-update", method: "PUT", target: collection + "/" + another, body: s.request(nil), facts: all(owner(another), s.proved("c1"))},
		"register":        {route: "register", method: "POST", target: collection, body: newSoftware().request(nil), facts: s.proved("c2")},
		"a token":         {route: "token", method: "POST", target: "/token", contentType: formType, body: "grant_type=client_credentials", facts: authenticated(mine, "c3")},
		"a wider token":   {route: "token", method: "POST", target: "/token", contentType: formType, body: "grant_type=client_credentials&scope=payments"},
		"a revocation":    {route: "revoke", method: "POST", target: "/revoke", contentType: formType, body: "token=x"},
		"an introspected": {route: "introspect", method: "POST", target: "/introspect", contentType: formType, body: "token=x"},
		"discovery":       {route: "discovery", method: "GET", target: "/.well-known/openid-configuration"},
	}
	for captured, of := range calls {
		for used, c := range calls {
			if captured == used {
				continue
			}
			proved := bound(of)
			if of.facts != nil {
				of.facts(proved)
			}
			c.facts = func(f *dcrpb.Facts) { proto.Reset(f); proto.Merge(f, proved) }
			got := w.do(c)
			if rule := got.rule(); got.status != http.StatusForbidden || rule != "facts.route" && rule != "facts.request" && rule != "facts.body" {
				t.Errorf("facts for %q, used for %q: got %d %s", captured, used, got.status, got.body)
			}
		}
	}
	for _, id := range []string{mine, another} {
		if got := w.get(id); got.status != http.StatusOK {
			t.Errorf("a client has gone: %d", got.status)
		}
	}
}

// Each method of each endpoint has a handler, and each handler is one of these.
func TestEveryEndpointIsServed(t *testing.T) {
	operations := newWorld(t).edition.operations
	number := 0
	for _, endpoint := range routes.Endpoints {
		for method := range endpoint.Methods {
			number++
			if operations[action{endpoint.Name, method}].handle == nil {
				t.Errorf("nobody serves %s at the endpoint %s", method, endpoint.Name)
			}
		}
	}
	if len(operations) != number {
		t.Errorf("there are %d operations for %d methods", len(operations), number)
	}
}

func TestWithoutItsStoreTheRegistryDenies(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	compact := w.newToken(id)
	w.redis.Kill()
	for name, got := range map[string]reply{
		"register":   w.post(newSoftware(), nil),
		"read":       w.get(id),
		"update":     w.put(s, id, "n", nil),
		"delete":     w.do(call{route: "client", method: "DELETE", target: collection + "/" + id, facts: owner(id)}),
		"token":      w.form("token", id, "grant_type=client_credentials"),
		"revoke":     w.form("revoke", id, "token="+compact),
		"introspect": w.form("introspect", id, "token="+compact),
	} {
		t.Run(name, func(t *testing.T) {
			inner := w.in(t)
			if name == "register" { // which an update reaches only after it has read the client
				if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, `"registration.unknown"`) || !strings.Contains(got.body, `"store.unavailable"`) {
					t.Errorf("got %d %s, want both that the store is away and that the outcome is not known", got.status, got.body)
				}
				return
			}
			inner.want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "store.unavailable")
		})
	}
	if got := w.do(call{route: "jwks", method: "GET", target: "/jwks"}); got.status != http.StatusOK {
		t.Errorf("keys with a known gate: %d", got.status)
	}
	w.registry = New(w.registry.parts) // it knows no gate's key
	w.want(w.do(call{route: "jwks", method: "GET", target: "/jwks"}), http.StatusServiceUnavailable, "temporarily_unavailable", "store.unavailable")
}

func TestFaultDenies(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	w.edition.issuer = nil
	w.want(w.form("token", id, "grant_type=client_credentials"), http.StatusServiceUnavailable, "temporarily_unavailable", "panic")
}

func TestInteractionIDIsEchoed(t *testing.T) {
	w := newWorld(t)
	for value, want := range map[string]string{
		"93bac548-d2de-4546-b106-880a5018460d":  "93bac548-d2de-4546-b106-880a5018460d",
		"93BAC548-D2DE-4546-B106-880A5018460D":  "93BAC548-D2DE-4546-B106-880A5018460D",
		"93bac548-d2de-4546-b106-880a5018460":   "",
		"93bac548xd2de-4546-b106-880a5018460d":  "",
		"93bac548-d2de-4546-b106-880a5018460\n": "",
	} {
		c := call{route: "jwks", method: "GET", target: "/jwks", after: func(r *http.Request) { r.Header["X-Fapi-Interaction-Id"] = []string{value} }}
		if got := w.do(c).header.Get("X-Fapi-Interaction-Id"); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
	refused := w.do(call{route: "none", method: "GET", target: "/jwks", after: func(r *http.Request) {
		r.Header.Set("X-Fapi-Interaction-Id", "93bac548-d2de-4546-b106-880a5018460d")
	}})
	if refused.header.Get("X-Fapi-Interaction-Id") == "" {
		t.Error("a refusal does not carry it")
	}
}

func TestFactsAreTakenWhileTheyLive(t *testing.T) {
	w := newWorld(t)
	proved := bound(call{route: "jwks", method: "GET", target: "/jwks"})
	header := w.sign(w.gate, proved)
	for at, want := range map[time.Duration]int{29 * time.Second: http.StatusOK, 36 * time.Second: http.StatusForbidden} {
		w.registry.parts.Now = func() time.Time { return time.Now().Add(at) }
		incoming := httptest.NewRequestWithContext(t.Context(), "GET", "/jwks", nil)
		incoming.Header.Set("X-Dcr-Facts", header)
		if got := w.serve(incoming); got.status != want {
			t.Errorf("after %s: got %d, want %d", at, got.status, want)
		}
	}
}
