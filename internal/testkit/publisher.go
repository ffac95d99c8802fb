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

// A Publisher is an HTTPS server that serves one document at every path and counts the fetches of each path.
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

// Client returns an outbound client that may connect only to the publisher.
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

// Answer changes the response.
func (p *Publisher) Answer(status int, document string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.document = status, document
}

// Set sets a response header. A request with the current ETag receives 304.
func (p *Publisher) Set(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.header.Set(name, value)
}

// Hold makes requests for /hang wait until release is called, or until the test ends.
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

// Fetches returns how often the path was fetched since the last call for it.
func (p *Publisher) Fetches(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := p.requests[path]
	p.requests[path] = 0
	return count
}

// Matched returns how many requests were answered 304.
func (p *Publisher) Matched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.matched
}
