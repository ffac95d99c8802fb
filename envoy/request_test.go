package envoy_test

import (
	"bytes"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// testQuestion checks what the gate is told.
func (e *edge) testQuestion(t *testing.T, client *http.Client) {
	e.gate.answers(allow)
	ask(t, client, "POST", e.mtls+"/register?a=b", strings.NewReader("h\xffllo"),
		"authorization: Bearer a", "authorization: Bearer b", "cookie: c=d")
	questions := e.gate.questions()
	if len(questions) != 1 {
		t.Fatalf("the gate was asked %d times", len(questions))
	}
	attributes := questions[0].GetAttributes()
	request := attributes.GetRequest().GetHttp()
	if request.GetMethod() != "POST" || request.GetPath() != "/register?a=b" || string(request.GetRawBody()) != "h\xffllo" || request.GetSize() != 5 {
		t.Errorf("have %v", request)
	}
	for name, want := range map[string][]string{
		"authorization":             {"Bearer a,Bearer b"}, // joined, also with encode_raw_headers
		"cookie":                    nil,
		"x-envoy-auth-partial-body": {"false"},
	} {
		if have := header(questions[0], name); !slices.Equal(have, want) {
			t.Errorf("%s: have %q, want %q", name, have, want)
		}
	}
	text, err := url.PathUnescape(attributes.GetSource().GetCertificate())
	block, _ := pem.Decode([]byte(text))
	own := client.Transport.(*http.Transport).TLSClientConfig.Certificates[0].Certificate[0]
	if err != nil || block == nil || !bytes.Equal(block.Bytes, own) {
		t.Errorf("the certificate is not the client's: %v", err)
	}
}

// removed has a header for each of the table.
func removed() []string {
	var all []string
	for _, group := range envoy.RemovedHeaders() {
		for _, name := range group.Names {
			all = append(all, strings.ReplaceAll(name, "*", "anything"))
		}
	}
	return all
}

// testHeaders checks that nobody outside can play one of the parts inside.
func (e *edge) testHeaders(t *testing.T, client *http.Client) {
	evil := append(removed(), "x-dcr-facts", "x-dcr-client-id", "client-cert", "client-cert-chain", "x-forwarded-client-cert",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded", "x-envoy-original-path",
		"x-envoy-auth-partial-body", "x-request-id", "ssl-client-cert", "x-ssl-client-s-dn", "x-client-cert", "x-amzn-mtls-clientcert", "x-arr-clientcert",
		"x-real-ip", "true-client-ip", "x-original-host", "x-host", "x-http-host-override", "x-original-uri", "proxy", "x_dcr_facts", "ssl_client_cert")
	var answer answer
	for some := range slices.Chunk(evil, 20) { // a request has a limited number of headers
		var lines []string
		for _, name := range some {
			lines = append(lines, name+": evil")
		}
		lines = append(lines, "authorization: Bearer secret", "x-fapi-interaction-id: not a UUID")
		e.gate.answers(allow)
		answer = ask(t, client, "POST", e.mtls+"/register", strings.NewReader("body"), lines...)
		question, received := e.gate.questions(), answer.seen(t).Header
		for _, name := range some {
			if len(question) != 1 || strings.Contains(strings.Join(header(question[0], name), ","), "evil") {
				t.Errorf("the gate saw the client's %s", name)
			}
			if strings.Contains(strings.Join(received.Values(name), ","), "evil") {
				t.Errorf("the upstream saw the client's %s", name)
			}
		}
	}
	upstream := answer.seen(t).Header
	for name, want := range map[string][]string{
		"X-Dcr-Facts": {"facts"}, "X-Fapi-Interaction-Id": {interaction}, "Authorization": nil, "X-Forwarded-Proto": {"https"},
	} {
		if have := upstream.Values(name); !slices.Equal(have, want) {
			t.Errorf("the upstream saw %s: %q, want %q", name, have, want)
		}
	}
	if have := header(e.gate.questions()[0], "authorization"); !slices.Equal(have, []string{"Bearer secret"}) {
		t.Errorf("the gate saw authorization: %q", have)
	}
	if have := answer.header.Values("X-Fapi-Interaction-Id"); !slices.Equal(have, []string{interaction}) {
		t.Errorf("the client got the interaction id %q", have)
	}
	if answer.header.Get("Server") != "" || answer.header.Get("Date") == "" {
		t.Errorf("the client got %v", answer.header)
	}
	for _, path := range []string{"/keeps", "/strips"} {
		own := ask(t, client, "GET", e.mtls+path, nil, "x-bank-user: evil", "x-bank-group: evil").seen(t).Header
		if stripped := path == "/strips"; (own.Get("X-Bank-User") == "") != stripped || own.Get("X-Bank-Group") == "" {
			t.Errorf("%s: the upstream saw %v", path, own)
		}
	}
	kept := ask(t, client, "GET", e.mtls+"/keeps", nil, "authorization: Bearer secret").seen(t)
	if have := kept.Header.Get("Authorization"); have != "Bearer secret" {
		t.Errorf("a route with token: true passed on %q", have)
	}
}

// testRouting checks which route the gate is told about. It allows everything, so that a path nobody serves gets
// Envoy's own answer.
func (e *edge) testRouting(t *testing.T, client *http.Client) {
	e.gate.answers(allow)
	ask(t, client, "GET", e.mtls+"/keeps", nil)
	version := e.gate.questions()[0].GetAttributes().GetContextExtensions()[routes.ContextVersion]
	if len(version) != 16 {
		t.Errorf("the version is %q", version)
	}
	for _, c := range []struct {
		name, method, url string
		want              map[string]string
		status            int
	}{
		{"exact", "POST", e.mtls + "/register", map[string]string{"listener": "mtls", "route": "register"}, 200},
		{"param", "GET", e.mtls + "/register/abc-1%20x", map[string]string{"listener": "mtls", "route": "client"}, 200},
		{"second method", "DELETE", e.mtls + "/register/abc", map[string]string{"listener": "mtls", "route": "client"}, 200},
		{"exact before param", "GET", e.mtls + "/register/status", map[string]string{"listener": "mtls", "route": "status"}, 200},
		{"public", "GET", e.public + "/jwks", map[string]string{"listener": "public", "route": "jwks"}, 200},
		{"normalised", "GET", e.mtls + "/a/%2e%2e//keeps", map[string]string{"listener": "mtls", "route": "keeps"}, 200},
		{"other method", "PUT", e.mtls + "/register/abc", map[string]string{"listener": "mtls", "route": "client"}, 200},
		{"other method of the exact path", "DELETE", e.mtls + "/register/status", map[string]string{"listener": "mtls", "route": "status"}, 200},
		{"other listener", "GET", e.mtls + "/jwks", map[string]string{"listener": "mtls"}, 404},
		{"slash at the end", "POST", e.mtls + "/register/", map[string]string{"listener": "mtls"}, 404},
		{"longer", "GET", e.mtls + "/register/abc/d", map[string]string{"listener": "mtls"}, 404},
		{"prefix", "POST", e.mtls + "/registerx", map[string]string{"listener": "mtls"}, 404},
		{"path parameter", "POST", e.mtls + "/register;x", map[string]string{"listener": "mtls"}, 404},
		{"case", "POST", e.mtls + "/Register", map[string]string{"listener": "mtls"}, 404},
	} {
		e.gate.answers(allow)
		answer := ask(t, client, c.method, c.url, nil)
		if len(e.gate.questions()) != 1 {
			t.Errorf("%s: the gate was asked %d times", c.name, len(e.gate.questions()))
			continue
		}
		c.want[routes.ContextVersion] = version
		if have := e.gate.questions()[0].GetAttributes().GetContextExtensions(); !maps.Equal(have, c.want) {
			t.Errorf("%s: have %v, want %v", c.name, have, c.want)
		}
		if answer.status != c.status {
			t.Errorf("%s: have %d, want %d", c.name, answer.status, c.status)
		}
		if have := answer.header.Get("X-Fapi-Interaction-Id"); have != interaction {
			t.Errorf("%s: have interaction id %q", c.name, have)
		}
	}
}
