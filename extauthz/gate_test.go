package extauthz

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// TestEveryRoute sends a good request to each kind of route, and one that the last of its checks refuses.
func TestEveryRoute(t *testing.T) {
	w := newWorld(t)
	id := w.client.GetId()
	compact, _ := w.token("accounts")
	authorization := [2]string{"authorization", "Bearer " + compact}
	registering := w.registering()
	request, err := w.tpp.TokenRequest("")
	asking := w.askFor("token", request, err)
	updating := registering.with("authorization", "Bearer "+compact)
	updating.route, updating.method, updating.path = "client-update", "PUT", "/register/"+id
	jwks := w.ask("jwks", "GET", "/jwks")
	jwks.listener, jwks.peer = "public", ""
	tests := []struct {
		name, want string
		ask        ask
	}{
		{"register", "200", registering},
		{"update", "200", updating},
		{"read", "200", w.ask("client", "GET", "/register/"+id, authorization)},
		{"delete", "200", w.ask("client", "DELETE", "/register/"+id, authorization)},
		{"token", "200", asking},
		{"accounts", "200", w.reading(compact)},
		{"keys", "200", jwks},

		{"register without a certificate", "403 certificate.missing", ask{listener: "mtls", route: "register", version: version, host: hostname, method: "POST", path: "/register", header: registering.header, body: registering.body}},
		{"register with a body of two parts", "400 request.jws.compact", func() ask { a := registering; a.body = []byte("a.b"); return a }()},
		{"update without a token", "401 bearer.missing", updating.without("authorization")},
		{"token without a client", "401 clientauth.missing", func() ask { a := asking; a.body = []byte("grant_type=client_credentials"); return a }()},
		{"payments with a token for accounts", "403 scope.missing", w.ask("payments", "POST", "/payments", authorization)},
		{"read another client", "401 owner.client", w.ask("client", "GET", "/register/x"+id[1:], authorization)},
		{"accounts with a token that another request has ended", "401 bearer.token", w.reading(compact)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.want(t, test.ask, test.want)
			if got.allowed != (got.header.Get(factsHeader) != "") {
				t.Errorf("allowed %v, facts %q", got.allowed, got.header.Get(factsHeader))
			}
		})
	}
}

// TestBodyForms sends the body in each of the two ways of a CheckRequest, and cut.
func TestBodyForms(t *testing.T) {
	w := newWorld(t)
	good := w.registering()
	w.want(t, good, "200")
	asText := good.request()
	asText.Attributes.Request.Http.Body, asText.Attributes.Request.Http.RawBody = string(good.body), nil
	if got := checkGate(t, w.gate, asText); !got.allowed {
		t.Errorf("a body as text: %s %s", got.verdict(), got.body)
	}
	w.want(t, good.with("x-envoy-auth-partial-body", "false"), "200")
	w.want(t, good.with("x-envoy-auth-partial-body", "true"), "413 request.size")
	w.want(t, good.with("X-Envoy-Auth-Partial-Body", "true"), "413 request.size")
	w.want(t, good.with("x-envoy-auth-partial-body", "perhaps"), "413 request.size")
	w.want(t, good.with("x-envoy-auth-partial-body", "false").with("x-envoy-auth-partial-body", "true"), "413 request.size")
}

// TestUnshownBody: Envoy does not show the gate the body of a bank's API, whatever its type and size, nor says that it is
// whole.
func TestUnshownBody(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("payments")
	paying := w.ask("payments", "POST", "/payments", [2]string{"authorization", "Bearer " + compact}, [2]string{"content-length", "1048576"})
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		w.want(t, paying.with("content-type", media), "200")
	}
	w.want(t, paying.with("x-envoy-auth-partial-body", "true"), "413 request.size")
}

// TestPlainHeaders asks as an Envoy does that is not told to encode raw headers.
func TestPlainHeaders(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	check := w.reading(compact).request()
	check.Attributes.Request.Http.HeaderMap = nil
	check.Attributes.Request.Http.Headers = map[string]string{"authorization": "Bearer " + compact, "x-request-id": decisionID}
	if got := checkGate(t, w.gate, check); !got.allowed || got.decision != decisionID {
		t.Errorf("got %s by decision %s", got.verdict(), got.decision)
	}
	both := w.reading(compact).request()
	both.Attributes.Request.Http.Headers = map[string]string{"authorization": "Bearer " + compact}
	if got := checkGate(t, w.gate, both); got.verdict() != "400 bearer.methods" {
		t.Errorf("the header in both places: %s", got.verdict())
	}
}

// TestHeaders: what the gate does not decide by, no filter sees.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	var header http.Header
	gate := w.chained(time.Minute, func(_ context.Context, r *filter.Request) error { header = r.Header; return nil })
	a := w.ask("one", "GET", "/one", [2]string{"authorization", "one"}, [2]string{"cookie", "x"}, [2]string{"x-dcr-facts", "x"},
		[2]string{":path", "/two"}, [2]string{"x-forwarded-client-cert", "x"}, [2]string{"authorization", "two"}, [2]string{"content-type", "a/b"})
	if got := checkGate(t, gate, a.request()); !got.allowed {
		t.Fatal(got.verdict())
	}
	want := http.Header{
		"X-Request-Id": {decisionID}, "X-Fapi-Interaction-Id": {interactionID}, "Authorization": {"one", "two"}, "Content-Type": {"a/b"},
	}
	if !maps.EqualFunc(header, want, slices.Equal) {
		t.Errorf("got %v, want %v", header, want)
	}
}

// TestInteraction: "set the response header x-fapi-interaction-id to the value received from the corresponding fapi
// client request header or to a RFC 4122 UUID value" (FAPI 1.0 Part 1, section 6.2.1).
func TestInteraction(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	tests := []struct {
		name   string
		values []string
		echoed bool
	}{
		{"a UUID", []string{interactionID}, true},
		{"none", nil, false},
		{"an empty one", []string{""}, false},
		{"a text", []string{"hello"}, false},
		{"without hyphens", []string{strings.ReplaceAll(interactionID, "-", "")}, false},
		{"in braces", []string{"{" + interactionID + "}"}, false},
		{"with a line break", []string{interactionID + "\n"}, false},
		{"with a header behind it", []string{interactionID + "\r\nx-dcr-facts: x"}, false},
		{"the same twice", []string{interactionID, interactionID}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, token := range []string{compact, "no token"} {
				a := w.reading(token).without("x-fapi-interaction-id")
				for _, value := range test.values {
					a = a.with("x-fapi-interaction-id", value)
				}
				got := w.check(a).header.Get(decision.InteractionHeader)
				if test.echoed != (got == interactionID) || got == decisionID {
					t.Errorf("got %q for %q", got, test.values)
				}
				if !test.echoed && got == w.check(a).header.Get(decision.InteractionHeader) {
					t.Errorf("%q twice: it is not fresh", got)
				}
			}
		})
	}
	if got := w.check(w.reading(compact).without("x-request-id").with("x-request-id", "1\n2")); got.decision == "1\n2" || got.decision == decisionID {
		t.Errorf("a decision took its id from a text: %q", got.decision)
	}
}

// TestAccept is asked where the registry answers, and not of a bank's own API.
func TestAccept(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	managing := func(method string) ask {
		return w.ask("client", method, "/register/"+w.client.GetId(), [2]string{"authorization", "Bearer " + compact}, [2]string{"accept", "text/html"})
	}
	w.want(t, managing("GET"), "406 accept")
	w.want(t, managing("DELETE"), "200") // whose answer has no body
	w.want(t, w.registering().with("accept", "text/html"), "406 accept")
	w.want(t, w.reading(compact).with("accept", "text/html"), "200")
}

// TestOutage: "Redis down: 503", and it is counted as an error, not as a denial.
func TestOutage(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token("accounts")
	w.want(t, w.reading(compact), "200")
	w.redis.Kill()
	got := w.want(t, w.reading(compact), "503 store.unavailable")
	if !got.failed || got.header.Get("Retry-After") == "" || strings.Contains(got.body, "redis") {
		t.Errorf("got %+v", got)
	}
	w.want(t, w.reading("garbage"), "401 bearer.token")
	w.want(t, w.registering(), "200") // which needs no Redis at the gate
}
