package harness

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// A Protocol is what a client speaks.
type Protocol = string

// The protocols of Envoy's listeners.
const (
	HTTP1 Protocol = "HTTP/1.1"
	HTTP2 Protocol = "HTTP/2.0"
)

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
	client := dcrclient.NewHTTP(w.roots, certificate)
	client.Transport = &http.Transport{
		TLSClientConfig: w.TLS(certificate), Protocols: protocols, MaxIdleConnsPerHost: 8, MaxConnsPerHost: 16, DisableCompression: true,
	}
	w.clients[key] = client
	return client
}

// TLS returns a configuration that trusts the servers of the world.
func (w *World) TLS(certificate *tls.Certificate) *tls.Config {
	return dcrclient.TLS(w.roots, certificate)
}

// An Answer is an HTTP response that has been read whole.
type Answer struct{ dcrclient.Answer }

// Do sends a request and reads the answer whole.
func Do(client *http.Client, request *http.Request) (*Answer, error) {
	answer, err := dcrclient.Do(client, request)
	if err != nil {
		return nil, err
	}
	return &Answer{*answer}, nil
}

// ReadAnswer reads a response whole and closes its body.
func ReadAnswer(response *http.Response) (*Answer, error) {
	answer, err := dcrclient.ReadAnswer(response)
	if err != nil {
		return nil, err
	}
	return &Answer{*answer}, nil
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
	object, err := dcrclient.Object(a.Body)
	if err != nil {
		tb.Fatalf("status %d, Content-Type %q: the body is %v: %.200q", a.Status, a.Header.Get("Content-Type"), err, a.Body)
	}
	return object
}
