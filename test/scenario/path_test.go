package scenario

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	nothing   = want{http.StatusNotFound, "not_found", "route.path"}
	noMethod  = want{http.StatusMethodNotAllowed, "method_not_allowed", "route.method"}
	badPath   = want{http.StatusBadRequest, "invalid_request", "path.form"}
	envoySays = want{http.StatusBadRequest, "invalid_request", ""}
)

const registerPath = "/open-banking/v3.3/register"

// Paths that look like the registration endpoint's. Where one is the same path after all, the body is what is refused.
var paths = []struct {
	name, path string
	want       want
}{
	{"as it is", registerPath, malformed},
	{"with a query", registerPath + "?x=1", malformed},
	{"with an empty query", registerPath + "?", malformed},
	{"slashes twice", "//open-banking//v3.3/register", malformed},
	{"dots that lead back", "/oauth2/../open-banking/v3.3/register", malformed},
	{"escaped dots that lead back", "/oauth2/%2e%2e/open-banking/v3.3/register", malformed},
	{"a dot", "/open-banking/./v3.3/register", malformed},
	{"dots out of the root", "/../../open-banking/v3.3/register", malformed},
	{"a letter escaped", "/open-banking/v3.3/%72egister", malformed},
	{"dots with a parameter that lead back", "/oauth2/..;/open-banking/v3.3/register", malformed}, // Envoy takes them for dots
	{"a slash at the end", registerPath + "/", nothing},
	{"two slashes at the end", registerPath + "//", nothing},
	{"a letter more", registerPath + "X", nothing},
	{"a letter less", registerPath[:len(registerPath)-1], nothing},
	{"in capitals", strings.ToUpper(registerPath), nothing},
	{"one letter in capitals", "/open-banking/v3.3/Register", nothing},
	{"another version", "/open-banking/v3.5/register", nothing},
	{"a dot of another kind", "/open-banking/v3x3/register", nothing},
	{"below it", registerPath + "/a/b", nothing},
	{"a client, and POST", registerPath + "/a", noMethod},
	{"a parameter of the path", registerPath + ";x", badPath},
	{"a parameter further in front", "/open-banking;x/v3.3/register", badPath},
	{"dots with a parameter", registerPath + "/..;x=1/register;y", badPath},
	{"a parameter behind a client", registerPath + "/a;b", badPath},
	{"an escaped parameter", registerPath + "%3bx", nothing},
	{"an escaped slash", "/open-banking%2fv3.3/register", envoySays},
	{"an escaped slash in capitals", "/open-banking/v3.3%2Fregister", envoySays},
	{"an escaped backslash", "/open-banking/v3.3%5cregister", envoySays},
	{"an escaped NUL", registerPath + "%00", envoySays},
	{"a slash escaped twice", "/open-banking%252fv3.3/register", nothing},
	{"the root", "/", nothing},
	{"Envoy's own", "/config_dump", nothing},
	{"the gate's health", "/grpc.health.v1.Health/Check", nothing},
	{"the other listener's discovery", "/.well-known/openid-configuration", nothing},
	{"the other listener's keys", "/oauth2/jwks", nothing},
}

func TestPaths(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	for _, test := range paths {
		t.Run("HTTP/1.1 "+test.name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, p.raw(t, "POST "+test.path+" HTTP/1.1", "Host: gateway", "Content-Type: application/jose", "Content-Length: 9", "", "not a JWT"))
		})
		t.Run("HTTP/2 "+test.name, func(t *testing.T) {
			t.Parallel()
			request, err := harness.NewRequest(t.Context(), "POST", p.World.MTLS(), "application/jose", "not a JWT")
			if err != nil {
				t.Fatal(err)
			}
			path, _, _ := strings.Cut(test.path, "?")
			host := request.URL.Host
			request.URL = &url.URL{Scheme: "https", Host: host, Opaque: "//" + host + test.path, Path: path} // sent as it is
			answer, err := harness.Do(p.World.Client(&p.Transport, harness.HTTP2), request)
			if err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, request, answer)
			test.want.check(t, answer)
		})
	}
}

// Nothing has a method that it was not given, and all say which they have.
func TestMethods(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	w := p.World.File
	for _, endpoint := range []struct{ url, allow string }{
		{p.registration, "POST"},
		{p.registration + "/a", "DELETE, GET, PUT"},
		{p.World.RegistrationURL("obie-3.2"), "POST"},
		{w.Token, "POST"},
		{w.Revocation, "POST"},
		{w.Introspection, "POST"},
		{w.APIs[0].URL, "GET"},
		{w.JWKS, "GET"},
		{w.Discovery, "GET"},
		{strings.Replace(w.Discovery, "openid-configuration", "oauth-authorization-server", 1), "GET"},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			if slices.Contains(strings.Split(endpoint.allow, ", "), method) {
				continue
			}
			t.Run(method+" "+endpoint.url[len("https://127.0.0.1:12345"):], func(t *testing.T) {
				answer := p.do(t, call{method: method, url: endpoint.url})
				if method == "HEAD" {
					if answer.Status != http.StatusMethodNotAllowed || len(answer.Body) > 0 {
						t.Errorf("got %s and %d bytes, want 405 with none", answer, len(answer.Body))
					}
				} else {
					noMethod.check(t, answer)
				}
				if got := answer.Header.Values("Allow"); len(got) != 1 || got[0] != endpoint.allow {
					t.Errorf("Allow is %q, want %q", got, endpoint.allow)
				}
			})
		}
	}
}

// What everybody may read has the same headers and refusals as the rest, on the listener that asks for no certificate;
// and nothing but that is there.
func TestPublicListener(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	w := p.World.File
	for name, url := range map[string]string{
		"discovery": w.Discovery, "keys": w.JWKS, "metadata": strings.Replace(w.Discovery, "openid-configuration", "oauth-authorization-server", 1),
	} {
		answer := p.do(t, call{method: "GET", url: url, anonymous: true})
		if answer.Status != http.StatusOK || len(answer.JSON(t)) == 0 {
			t.Errorf("%s: %s", name, answer)
		}
	}
	for _, path := range []string{registerPath, "/oauth2/token", "/oauth2/revoke", "/oauth2/introspect", "/open-banking/v3.1/aisp/accounts"} {
		nothing.check(t, p.do(t, call{method: "POST", url: w.Issuer + path, contentType: "application/jose", body: p.Request().Compact(), anonymous: true}))
	}
}
