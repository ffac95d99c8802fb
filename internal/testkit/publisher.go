package testkit

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// A Publisher is an HTTPS server of one document at every path, which counts how often each path is fetched.
type Publisher struct {
	URL  string
	Host string // with its port

	roots    *x509.CertPool
	mu       sync.Mutex
	status   int
	document string
	header   http.Header
	hang     chan struct{} // requests for /hang wait until it is closed
	requests map[string]int
	matched  int
}

// Publish starts a publisher, which ends with the test.
func Publish(t testing.TB, document string) *Publisher {
	t.Helper()
	p := &Publisher{status: http.StatusOK, document: document, header: http.Header{}, requests: map[string]int{}, roots: x509.NewCertPool()}
	server := httptest.NewTLSServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	p.URL, p.Host = server.URL, server.Listener.Addr().(*net.TCPAddr).String()
	p.roots.AddCert(server.Certificate())
	return p
}

// Client is a guarded client that may ask the publisher and nobody else.
func (p *Publisher) Client() *outbound.Client {
	return outbound.New(outbound.Policy{
		Hosts: []string{p.Host}, Roots: p.roots, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
}

func (p *Publisher) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests[r.URL.Path]++
	hang := p.hang
	p.mu.Unlock()
	if hang != nil && r.URL.Path == "/hang" {
		<-hang
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if etag := p.header.Get("ETag"); etag != "" && r.Header.Get("If-None-Match") == etag {
		p.matched++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(p.document))
}

// Answer changes the answer.
func (p *Publisher) Answer(status int, document string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.document = status, document
}

// Set sets a header of the answer. To a request that knows the ETag the answer is 304.
func (p *Publisher) Set(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.header.Set(name, value)
}

// Hold lets requests for /hang wait until release is called, at the latest when the test ends.
func (p *Publisher) Hold(t testing.TB) (release func()) {
	t.Helper()
	hang := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = hang
	release = sync.OnceFunc(func() { close(hang) })
	t.Cleanup(release)
	return release
}

// Fetches is how often the path was fetched since the last call for it.
func (p *Publisher) Fetches(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := p.requests[path]
	p.requests[path] = 0
	return count
}

// Matched is how many requests were answered 304.
func (p *Publisher) Matched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.matched
}
