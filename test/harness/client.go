package harness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A Protocol is what a client speaks.
type Protocol string

// The protocols of Envoy's listeners.
const (
	HTTP1 Protocol = "HTTP/1.1"
	HTTP2 Protocol = "HTTP/2.0"
)

// maxAnswer is more than any answer of the product holds.
const maxAnswer = 1 << 20

type clientKey struct {
	certificate [sha256.Size]byte // zero for none
	protocol    Protocol
}

// Client returns an HTTP client with a TLS client certificate, or with none where it is nil. It follows no redirect,
// and is the same one for the same certificate and protocol, so that connections are used again.
func (w *World) Client(certificate *tls.Certificate, protocol Protocol) *http.Client {
	key := clientKey{protocol: protocol}
	if certificate != nil {
		key.certificate = sha256.Sum256(certificate.Certificate[0])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.clients[key]; ok {
		return known
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(protocol == HTTP1)
	protocols.SetHTTP2(protocol == HTTP2)
	client := &http.Client{
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: w.TLS(certificate), Protocols: protocols, MaxIdleConnsPerHost: 8, MaxConnsPerHost: 16, DisableCompression: true,
		},
	}
	w.clients[key] = client
	return client
}

// TLS returns a configuration that trusts the servers of the world.
func (w *World) TLS(certificate *tls.Certificate) *tls.Config {
	config := &tls.Config{RootCAs: w.roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return config
}

// An Answer is an HTTP response that has been read whole.
type Answer struct {
	Status   int
	Protocol Protocol
	Header   http.Header
	Body     []byte
}

// Do sends a request and reads the answer whole.
func Do(client *http.Client, request *http.Request) (*Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	return ReadAnswer(response)
}

// ReadAnswer reads a response whole and closes its body.
func ReadAnswer(response *http.Response) (*Answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer %s: %w", response.Status, err)
	}
	return &Answer{Status: response.StatusCode, Protocol: Protocol(response.Proto), Header: response.Header, Body: body}, nil
}

// NewRequest makes a request with a body of that Content-Type; an empty one is not sent.
func NewRequest(ctx context.Context, method, url, contentType, body string) (*http.Request, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request, nil
}

// JSON reads the body as one JSON object, with its numbers as they are written.
func (a *Answer) JSON(tb testing.TB) map[string]any {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(a.Body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil || decoder.More() {
		tb.Fatalf("status %d, Content-Type %q: the body is not a JSON object: %v: %.200q", a.Status, a.Header.Get("Content-Type"), err, a.Body)
	}
	return object
}

// Refusal is the body of an answer that refuses.
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Details     []struct {
		Rule        string `json:"rule"`
		Pointer     string `json:"pointer"`
		Description string `json:"description"`
		Clause      string `json:"clause"`
		Help        string `json:"help"`
	} `json:"error_details"`
}

// Refusal reads the body of a refusal; the zero Refusal where it is none.
func (a *Answer) Refusal() Refusal {
	var refusal Refusal
	if json.Unmarshal(a.Body, &refusal) != nil {
		return Refusal{}
	}
	return refusal
}

// Rule is the id of the rule that refused, "" where Envoy did.
func (r Refusal) Rule() string {
	if len(r.Details) == 0 {
		return ""
	}
	return r.Details[0].Rule
}

// String is the answer for a failing test: what it is and who refused, without tokens.
func (a *Answer) String() string {
	r := a.Refusal()
	return fmt.Sprintf("%d %s %s (%s)", a.Status, r.Code, r.Rule(), r.Description)
}
