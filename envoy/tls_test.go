package envoy_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// testTLS checks who may connect, and that no session is resumed.
func (e *edge) testTLS(t *testing.T) {
	other := newAuthority(t)
	for _, c := range []struct {
		name   string
		url    string
		change func(*tls.Config)
		works  bool
	}{
		{"client certificate", e.mtls, func(*tls.Config) {}, true},
		{"TLS 1.2", e.mtls, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true},
		{"no client certificate", e.mtls, func(c *tls.Config) { c.Certificates = nil }, false},
		{"no client certificate, TLS 1.2", e.mtls, func(c *tls.Config) { c.Certificates, c.MaxVersion = nil, tls.VersionTLS12 }, false},
		{"certificate of another CA", e.mtls, func(c *tls.Config) { c.Certificates = []tls.Certificate{other.client(t)} }, false},
		{"TLS 1.1", e.mtls, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, false},
		{"CBC", e.mtls, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		}, false},
		{"ChaCha20 in TLS 1.2", e.mtls, func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}
		}, false},
		{"public, no client certificate", e.public, func(c *tls.Config) { c.Certificates = nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}}
			c.change(config)
			if err := handshake(t, c.url, config); (err == nil) != c.works {
				t.Errorf("have %v", err)
			}
		})
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := &offers{ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		config := &tls.Config{RootCAs: e.trust.Pool(), Certificates: []tls.Certificate{e.trust.client(t)}, MaxVersion: version, ClientSessionCache: cache}
		if err := handshake(t, e.mtls, config); err != nil || cache.tickets > 0 {
			t.Errorf("%s: %d sessions offered, %v", tls.VersionName(version), cache.tickets, err)
		}
	}
}

// offers counts the sessions that a server offers to resume.
type offers struct {
	tls.ClientSessionCache
	tickets int
}

// Put implements tls.ClientSessionCache.
func (o *offers) Put(key string, state *tls.ClientSessionState) {
	if state != nil {
		o.tickets++
	}
	o.ClientSessionCache.Put(key, state)
}

// handshake sends a request too: in TLS 1.3 a server's refusal comes after the client's side of the handshake is over.
func handshake(t *testing.T, url string, config *tls.Config) error {
	t.Helper()
	connection, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), config)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(connection, "GET /nothing HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	answer, err := io.ReadAll(connection)
	if err == nil && !strings.Contains(string(answer), http.StatusText(http.StatusNotFound)) {
		t.Errorf("have %q", answer)
	}
	return err
}
