package envoy_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// client returns an HTTP client of one protocol, with the test's client certificate.
func (e *edge) client(t *testing.T, version int) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(version == 1)
	protocols.SetHTTP2(version == 2)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}},
		Protocols:       protocols,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// An answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with header lines such as "name: value".
func ask(t *testing.T, client *http.Client, method, url string, body io.Reader, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header[name] = append(request.Header[name], value)
	}
	answer, err := do(client, request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer
}

func do(client *http.Client, request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: string(content)}, err
}

var uuid = regexp.MustCompile("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

// isOwnReply checks that Envoy's own answers look like all our other refusals.
func (a answer) isOwnReply(t *testing.T, status int, code string) {
	t.Helper()
	var body map[string]string
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body) != 2 || body["error_description"] == "" {
		t.Errorf("the body is %q: %v", a.body, err)
	}
	if a.status != status || body["error"] != code {
		t.Errorf("have %d %s, want %d %s", a.status, body["error"], status, code)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff", "Server": "",
	} {
		if have := a.header.Get(name); have != want {
			t.Errorf("%s: have %q, want %q", name, have, want)
		}
	}
	a.isHardened(t)
	if a.header.Get("Date") == "" || !uuid.MatchString(a.header.Get("X-Fapi-Interaction-Id")) {
		t.Errorf("date or interaction id: have %v", a.header)
	}
	if retry := a.header.Get("Retry-After"); (retry == "2") != (status == http.StatusServiceUnavailable) {
		t.Errorf("retry-after: have %q", retry)
	}
}

// isHardened checks what every answer has, whoever gives it.
func (a answer) isHardened(t *testing.T) {
	t.Helper()
	for name, want := range map[string]string{"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff"} {
		if have := a.header.Values(name); len(have) != 1 || have[0] != want {
			t.Errorf("%s: have %q, want %q", name, have, want)
		}
	}
}

// seen returns what the upstream got of the request.
func (a answer) seen(t *testing.T) seen {
	t.Helper()
	a.isHardened(t)
	var s seen
	if err := json.Unmarshal([]byte(a.body), &s); err != nil || a.status != http.StatusOK {
		t.Fatalf("not the upstream's answer: %d %s", a.status, a.body)
	}
	return s
}
