package scenario

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// raw sends lines as an HTTP/1.1 request over a connection of its own, and checks the answer like any other.
func (p *tpp) raw(t *testing.T, lines ...string) *harness.Answer {
	t.Helper()
	answer, err := p.World.Raw(t.Context(), &p.Transport, strings.Join(lines, "\r\n"))
	if err != nil {
		t.Fatalf("%s: no answer: %v", lines[0], err)
	}
	words := strings.Split(lines[0], " ")
	stub := &http.Request{Method: words[0], URL: &url.URL{}, Header: http.Header{}}
	if len(words) > 1 {
		stub.URL.Path, _, _ = strings.Cut(words[1], "?")
	}
	checkAnswer(t, stub, answer)
	return answer
}

const (
	post    = "POST " + registerPath + " HTTP/1.1"
	host    = "Host: gateway"
	jose    = "Content-Type: application/jose"
	nine    = "Content-Length: 9"
	notJWT  = "not a JWT"
	chunked = "Transfer-Encoding: chunked"
)

// Requests that no HTTP client sends, or that two servers could read in two ways.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	refused := want{http.StatusForbidden, "access_denied", ""}
	oldHTTP := want{http.StatusUpgradeRequired, "upgrade_required", ""}
	noCoding := want{http.StatusNotImplemented, "invalid_request", ""}
	for _, test := range []struct {
		name  string
		lines []string
		want  want
	}{
		{"plain", []string{post, host, jose, nine, "", notJWT}, malformed},
		{"an absolute target", []string{"POST https://gateway" + registerPath + " HTTP/1.1", host, jose, nine, "", notJWT}, malformed},
		{"an absolute target of another host", []string{"POST https://evil.example.com" + registerPath + " HTTP/1.1", host, jose, nine, "", notJWT}, malformed},
		{"an absolute target without TLS", []string{"POST http://gateway" + registerPath + " HTTP/1.1", host, jose, nine, "", notJWT}, malformed},
		{"a fragment", []string{"POST " + registerPath + "#x HTTP/1.1", host, jose, nine, "", notJWT}, envoySays},
		{"a backslash", []string{`POST /open-banking\v3.3\register HTTP/1.1`, host, jose, nine, "", notJWT}, malformed},
		{"a target without a slash", []string{"POST open-banking/v3.3/register HTTP/1.1", host, jose, nine, "", notJWT}, envoySays},
		{"the asterisk", []string{"OPTIONS * HTTP/1.1", host, "", ""}, want{http.StatusNotFound, "not_found", ""}},
		{"a method that there is not", []string{"FOO " + registerPath + " HTTP/1.1", host, "", ""}, envoySays},
		{"a method in small letters", []string{"post " + registerPath + " HTTP/1.1", host, jose, nine, "", notJWT}, envoySays},

		{"chunked", []string{post, host, jose, chunked, "", "9", notJWT, "0", "", ""}, malformed},
		{"chunked, with trailers", []string{post, host, jose, chunked, "", "9", notJWT, "0", "Authorization: Bearer x", "", ""}, malformed},
		{"chunked and a length", []string{post, host, jose, chunked, nine, "", "9", notJWT, "0", "", ""}, envoySays},
		{"chunked twice", []string{post, host, jose, chunked, chunked, "", "9", notJWT, "0", "", ""}, noCoding},
		{"another coding", []string{post, host, jose, "Transfer-Encoding: gzip, chunked", "", "9", notJWT, "0", "", ""}, noCoding},
		{"identity", []string{post, host, jose, "Transfer-Encoding: identity", nine, "", notJWT}, envoySays},
		{"chunked, misspelt", []string{post, host, jose, "Transfer-Encoding: xchunked", nine, "", notJWT}, envoySays},
		{"a space behind the name", []string{post, host, jose, "Transfer-Encoding : chunked", nine, "", notJWT}, envoySays},
		{"two lengths", []string{post, host, jose, nine, "Content-Length: 10", "", notJWT}, envoySays},
		{"a list of lengths", []string{post, host, jose, "Content-Length: 9, 9", "", notJWT}, envoySays},
		{"a negative length", []string{post, host, jose, "Content-Length: -9", "", notJWT}, envoySays},
		{"a length with a sign", []string{post, host, jose, "Content-Length: +9", "", notJWT}, envoySays},
		{"a bad size of a chunk", []string{post, host, jose, chunked, "", "0x9", notJWT, "0", "", ""}, envoySays},
		// "A server that receives an obs-fold ... MUST either reject the message ... or replace each received obs-fold" (RFC
		// 9112, section 5.2): Envoy replaces it, and no answer of ours suits that Accept.
		{"a folded header", []string{post, host, jose, "Accept: application/json", " text/html", nine, "", notJWT}, badAccept},
		{"no Host", []string{post, jose, nine, "", notJWT}, envoySays},
		// Envoy joins them; what comes out names no server.
		{"two Hosts", []string{post, host, "Host: evil", jose, nine, "", notJWT}, want{http.StatusBadRequest, "invalid_request", "host.form"}},
		{"a header without a name", []string{post, host, ": x", jose, nine, "", notJWT}, envoySays},
		{"a NUL in a header", []string{post, host, jose, "X-A: \x00", nine, "", notJWT}, envoySays},
		{"a header with an underscore", []string{post, host, jose, "x_dcr_facts: x", nine, "", notJWT}, malformed},

		{"HTTP/1.0", []string{"POST " + registerPath + " HTTP/1.0", host, jose, nine, "", notJWT}, oldHTTP},
		{"HTTP/3.7", []string{"POST " + registerPath + " HTTP/3.7", host, jose, nine, "", notJWT}, oldHTTP},
		{"no version", []string{"POST " + registerPath, host, jose, nine, "", notJWT}, oldHTTP},
		{"a NUL in Authorization", []string{"GET " + registerPath + "/x HTTP/1.1", host, "Authorization: Bearer \x00", "", ""}, envoySays},
		{"a line feed in Authorization", []string{"GET " + registerPath + "/x HTTP/1.1", host, "Authorization: Bearer a\nb", "", ""}, envoySays},
		{"a bell in Authorization", []string{"GET " + registerPath + "/x HTTP/1.1", host, "Authorization: Bearer \x07", "", ""}, envoySays},
		{"30 KiB of Authorization", []string{"GET " + registerPath + "/x HTTP/1.1", host, "Authorization: Bearer " + strings.Repeat("a", 30<<10), "", ""}, deadToken},
		{"an upgrade to WebSocket", []string{post, host, jose, "Connection: Upgrade", "Upgrade: websocket", nine, "", notJWT}, refused},
		{"an upgrade to anything", []string{post, host, jose, "Connection: Upgrade", "Upgrade: x", nine, "", notJWT}, refused},
		{"65 headers", append([]string{post, host, jose, nine}, append(many(65), "", notJWT)...),
			want{http.StatusRequestHeaderFieldsTooLarge, "request_too_large", ""}},
		{"a header of 40 KiB", []string{post, host, jose, nine, "X-A: " + strings.Repeat("a", 40<<10), "", notJWT},
			want{http.StatusRequestHeaderFieldsTooLarge, "request_too_large", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, p.raw(t, test.lines...))
		})
	}
}

func many(n int) []string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprintf("X-%d: x", i))
	}
	return lines
}

// Nobody gets a tunnel: Envoy waits for the end of a request that has none, until its time is over.
func TestConnect(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for _, target := range []string{"gateway:443", p.World.Address(harness.Bank)} {
		request := strings.Join([]string{"CONNECT " + target + " HTTP/1.1", host, "", "GET / HTTP/1.1", host, "", ""}, "\r\n")
		if answer, err := p.World.Raw(ctx, &p.Transport, request); err == nil && answer.Status < http.StatusBadRequest {
			t.Errorf("%s: got %s, want no tunnel", target, answer)
		}
	}
}

// A header with an underscore is dropped on HTTP/2 too, and the request decided without it.
func TestUnderscoreOverHTTP2(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	answer, err := p.send(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: notJWT, header: header("x_dcr_facts", "x")})
	if err != nil {
		t.Fatal(err)
	}
	malformed.check(t, answer)
}

// reserved are headers that are Envoy's or the gate's own, as a client may send them; the victim's certificate is in one.
func reserved(victim *tpp) http.Header {
	encoded := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: victim.Transport.Certificate[0]})))
	return http.Header{
		"X-Dcr-Facts": {"x"}, "X-Dcr-Client-Id": {"evil"},
		"X-Forwarded-Client-Cert":        {`Hash=` + strings.Repeat("0", 64) + `;Cert="` + encoded + `";Subject="CN=x"`},
		"Client-Cert":                    {":AAAA:"},
		"Client-Cert-Chain":              {":AAAA:"},
		"X-Envoy-Auth-Partial-Body":      {"true"},
		"X-Envoy-Original-Path":          {"/oauth2/jwks"},
		"X-Envoy-Original-Url":           {"/oauth2/jwks"},
		"X-Original-Url":                 {"/oauth2/jwks"},
		"X-Http-Method-Override":         {"GET"},
		"X-Envoy-Decorator-Operation":    {"x"},
		"X-Envoy-Retry-On":               {"5xx"},
		"X-Envoy-Max-Retries":            {"100"},
		"X-Envoy-Upstream-Rq-Timeout-Ms": {"1"},
		"X-Envoy-Internal":               {"true"},
		"X-Envoy-Peer-Metadata":          {"x"},
		"X-Forwarded-For":                {"127.0.0.1"},
		"X-Forwarded-Host":               {"evil.example.com"},
		"X-Forwarded-Proto":              {"http"},
		"X-Request-Id":                   {"not a UUID"},
		"Forwarded":                      {"for=127.0.0.1"},
	}
}

// What a client sends in such headers changes nothing.
func TestReservedHeaders(t *testing.T) {
	victim := newTPP(t)
	headers := reserved(victim)
	for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
		t.Run("a good request "+protocol, func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			answer := p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: p.Request().Compact(), header: headers, protocol: protocol})
			if answer.Status != http.StatusCreated {
				t.Errorf("got %s, want 201", answer)
			}
		})
		t.Run("a request with another's statement "+protocol, func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			sent := call{method: "POST", url: p.registration, contentType: "application/jose", body: victim.Request().Compact(), header: headers, protocol: protocol}
			unfit("statement.certificate").check(t, p.do(t, sent))
		})
	}
}

// A session is not resumed: a resumed one would keep a certificate that was good once (FAPI).
func TestNoResumption(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	config := p.World.TLS(&p.Transport)
	config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		config := config.Clone()
		config.MinVersion, config.MaxVersion = version, version
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		for range 3 {
			if resumed(t, client, p.World.MTLS()+"/") {
				t.Errorf("%s: the session was resumed", name)
			}
		}
	}
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	if response, err := client.Get(p.World.MTLS() + "/"); err == nil {
		response.Body.Close()
		t.Error("there is TLS 1.1")
	}
}

func resumed(t *testing.T, client *http.Client, url string) bool {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.TLS.DidResume
}
