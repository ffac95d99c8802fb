package extauthz

import (
	"bytes"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
)

// FuzzCheck asks whatever question there can be. The gate always answers in full, and says yes only to a request that
// holds, unchanged, what proves it: a body that the TPP has signed, its assertion, or its token; and its certificate.
//
// Words in capitals stand for what is another in each run: TOKEN, REQUEST (a signed registration), ASSERTION, PEM (the
// escaped certificate) and CLIENT (its id).
func FuzzCheck(f *testing.F) {
	w := newWorld(f)
	compact, _ := w.token("accounts")
	registration := string(w.registering().body)
	request, err := w.tpp.TokenRequest("")
	asking := w.askFor("token", request, err)
	form, err := url.ParseQuery(string(asking.body))
	w.must(err)
	words := strings.NewReplacer("TOKEN", compact, "REQUEST", registration, "ASSERTION", form.Get("client_assertion"), "PEM", w.peer, "CLIENT", w.client.GetId())
	for _, seed := range seeds {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], []byte(seed[6]), seed[7])
	}
	f.Fuzz(func(t *testing.T, listener, route, wanted, method, path, header string, body []byte, peer string) {
		a := ask{
			listener: listener, route: route, version: wanted, host: hostname, sni: hostname, method: method, path: words.Replace(path),
			body: []byte(words.Replace(string(body))), peer: words.Replace(peer),
		}
		for line := range strings.SplitSeq(words.Replace(header), "\n") {
			name, value, _ := strings.Cut(line, ": ")
			a.header = append(a.header, [2]string{name, value})
		}
		w.log.Take()
		got := checkGate(t, w.gate, a.request())
		text := w.log.Take()
		if strings.Count(text, "\n") != 1 || strings.Contains(text, compact) || strings.Contains(text, registration) {
			t.Fatalf("the log: %s", text)
		}
		if !got.allowed {
			if got.header.Get(factsHeader) != "" {
				t.Error("a refusal has facts")
			}
			return
		}
		if why := w.unproved(a, compact, registration, form.Get("client_assertion")); why != "" {
			t.Fatalf("allowed, but %s: %q", why, a)
		}
		if a.route != "consents" && a.route != "quiet" {
			w.proved(t, got)
		}
	})
}

// unproved says what a request lacks that was allowed.
func (w *world) unproved(a ask, compact, registration, assertion string) string {
	path, _, _ := strings.Cut(a.path, "?")
	if a.version != version {
		return "it met another configuration"
	}
	if a.route == "jwks" {
		return unless(a.listener == "public" && a.method == "GET" && path == "/jwks", "it is not the public route's")
	}
	decoded, err := url.PathUnescape(a.peer)
	block, _ := pem.Decode([]byte(decoded))
	known, _ := pem.Decode([]byte(w.member.TransportCert))
	if err != nil || block == nil || !bytes.Equal(block.Bytes, known.Bytes) || a.listener != "mtls" {
		return "it did not come over the TPP's connection"
	}
	token := false
	for _, h := range a.header {
		token = token || strings.EqualFold(h[0], "authorization") && strings.HasSuffix(h[1], compact)
	}
	own := strings.HasPrefix(path, "/register/")
	switch a.route {
	case "register":
		return unless(path == "/register" && a.method == "POST" && string(a.body) == registration, "the body is not the TPP's")
	case "client-update":
		return unless(own && a.method == "PUT" && token && string(a.body) == registration, "the body or the token is not the TPP's")
	case "token":
		return unless(path == "/token" && a.method == "POST" && strings.Contains(string(a.body), assertion), "the assertion is not the TPP's")
	case "client":
		return unless(own && (a.method == "GET" || a.method == "DELETE") && token, "the token is not the TPP's")
	case "accounts", "balances", "consents", "quiet":
		return unless(path == "/"+a.route && a.method == "GET" && token, "the token is not the TPP's")
	}
	return "nothing allows that route"
}

func unless(fine bool, why string) string {
	if fine {
		return ""
	}
	return why
}

const (
	authorized = "authorization: Bearer TOKEN"
	jwtType    = "content-type: application/jwt"
	formType   = "content-type: application/x-www-form-urlencoded"
	asserted   = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=ASSERTION"
)

// seeds are listener, route, version, method, path, headers, body and certificate: good questions, and such as are
// nearly good.
var seeds = [][8]string{
	{"mtls", "register", version, "POST", "/register", jwtType, "REQUEST", "PEM"},
	{"mtls", "client-update", version, "PUT", "/register/CLIENT", jwtType + "\n" + authorized, "REQUEST", "PEM"},
	{"mtls", "client", version, "GET", "/register/CLIENT", authorized, "", "PEM"},
	{"mtls", "token", version, "POST", "/token", formType, asserted, "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts?page=1", authorized, "", "PEM"},
	{"public", "jwks", version, "GET", "/jwks", "accept: */*", "", ""},

	{"", "", "", "", "", "", "", ""},
	{"mtls", "", version, "GET", "/accounts", authorized, "", "PEM"},
	{"mtls", "jwks", version, "GET", "/accounts", authorized, "", "PEM"},
	{"public", "jwks", version, "GET", "/jwks/../accounts", authorized, "", "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts;x", authorized, "", "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts", authorized + "\n" + authorized, "", "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts", "Authorization: Bearer TOKEN", "", "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts?access_token=TOKEN", "", "", "PEM"},
	{"mtls", "consents", version, "GET", "/consents", authorized, "", "PEM"},
	{"mtls", "quiet", version, "GET", "/quiet", authorized, "", "PEM"},
	{"mtls", "payments", version, "POST", "/payments", authorized, "", "PEM"},
	{"mtls", "accounts", version, "GET", "/accounts", authorized, "", "PEMPEM"},
	{"mtls", "accounts", version, "GET", "/accounts", authorized, "", ""},
	{"mtls", "register", version, "POST", "/register", jwtType, "REQUESTx", "PEM"},
	{"mtls", "register", version, "POST", "/register", jwtType + "\nx-envoy-auth-partial-body: true", "REQUEST", "PEM"},
	{"mtls", "register", version, "POST", "/register", jwtType, "TOKEN", "PEM"},
	{"mtls", "token", version, "POST", "/token", formType, asserted + "&client_assertion=ASSERTION", "PEM"},
	{"mtls", "token", version, "POST", "/token", formType, "client_id=CLIENT", "PEM"},
	{"mtls", "client", version, "GET", "/register/CLIENT", "authorization: Bearer REQUEST", "", "PEM"},
	{"mtls", "client", version, "GET", "/register/%", authorized + "\nx-request-id: \x00\nx-fapi-interaction-id: \xff", "\xff\xfe", "%"},
}
