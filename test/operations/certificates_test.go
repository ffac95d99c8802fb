package operations

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// rotateCertificates is the page about certificates. TPPs notice nothing, but for a restart of the only registry.
func rotateCertificates(t *testing.T, h *host) {
	bank := h.overTLS(t)
	h.install()
	h.renewed(t)
	h.world.Trust(h.pki.first.PEM())
	traffic := h.traffic()
	var before time.Time
	h.checks["new connections to the registry succeed"] = h.connectsAnew
	h.checks["the registry refuses the old CA"] = func() error {
		traffic.expect("503 ")
		return errors.Join(h.shakes("127.0.0.1:"+h.ports.network, "home/new/gateway", ""), h.shakes("127.0.0.1:"+h.ports.network, "home/old-gateway", "certificate"))
	}
	h.checks["the registry serves again"] = func() error {
		traffic.expect()
		return nil
	}
	h.checks["the service has a certificate of the new CA"] = func() error {
		bank.use(h.pki.next, h.pki.first, h.pki.next)
		return serves(t, traffic.caller)
	}
	h.checks["the service sees the new client certificate"] = func() error {
		bank.use(h.pki.next, h.pki.next)
		before = time.Now()
		return eventually(func() error {
			if !bank.seen("bank-client-2").After(before) {
				return errors.New("the service has not seen it")
			}
			return nil
		})
	}
	h.checks["certificates of the next CA are accepted"] = func() error {
		return eventually(func() error { return h.shakes(h.listener(), "home/new/next", "") })
	}
	h.checks["certificates of the next CA are refused"] = func() error {
		return eventually(func() error { return h.shakes(h.listener(), "home/new/next", "certificate") })
	}
	h.run("rotate-certificates.md")
	traffic.judge()
}

// overTLS has the registry and the bank's service reached over mutual TLS.
func (h *host) overTLS(t *testing.T) *service {
	t.Helper()
	text := h.read("home/site/routes.yaml")
	registry := "  registry: {address: \"unix:" + h.path("run/dcr-registry/registry.sock") + "\", timeout: 5s}"
	service := "    address: " + h.world.Address(harness.Bank) + "\n"
	if !strings.Contains(text, registry) || !strings.Contains(text, service) {
		t.Fatal("routes.yaml has no such upstreams")
	}
	text = strings.NewReplacer(
		registry, "  registry:\n    address: 127.0.0.1:"+h.ports.network+"\n    timeout: 5s\n"+
			"    tls: {ca: registry/registry-ca.pem, server_name: registry.bank.example, certificate: registry/gateway.pem, key: registry/gateway.key}",
		service, "    address: 127.0.0.1:"+h.ports.bank+"\n    tls: {ca: bank/ca.pem, server_name: bank.bank.example, certificate: bank/client.pem, key: bank/client.key}\n",
	).Replace(text)
	h.write("home/site/routes.yaml", text)
	for file, name := range map[string]string{"registry/gateway": "gateway", "registry/tls": "registry", "bank/client": "bank-client"} {
		h.must(os.MkdirAll(h.path("home/site/registry"), 0o755))
		h.must(os.MkdirAll(h.path("home/site/bank"), 0o755))
		h.pki.issue(t, name).Write(t, h.path("home/site/"+file))
	}
	for _, file := range []string{"registry/registry-ca.pem", "registry/gateways-ca.pem", "bank/ca.pem"} {
		h.write("home/site/"+file, string(h.pki.first.PEM()))
	}
	h.more = []string{"--listen unix:/run/dcr-registry/registry.sock", "--listen 127.0.0.1:" + h.ports.network +
		" --tls-cert /etc/dcr-gateway/registry/tls.pem --tls-key /etc/dcr-gateway/registry/tls.key --tls-client-ca /etc/dcr-gateway/registry/gateways-ca.pem"}
	return h.bank(t)
}

// renewed are the files in the folder new.
func (h *host) renewed(t *testing.T) {
	t.Helper()
	h.write("home/new/ca.pem", string(h.pki.next.PEM()))
	for _, name := range []string{"gateway", "registry"} {
		h.pki.issueNext(t, name).Write(t, h.path("home/new/"+name))
	}
	issue(t, h.pki.next, "bank-client-2").Write(t, h.path("home/new/bank-client"))
	h.pki.issue(t, "server").Write(t, h.path("home/new/server"))
	h.pki.issue(t, "gateway").Write(t, h.path("home/old-gateway"))
	market := testkit.Certify(t, nil, testkit.CA("Next Issuing CA"), nil)
	h.write("home/new/next-ca.pem", string(market.PEM()))
	issue(t, market, "next").Write(t, h.path("home/new/next"))
}

// connectsAnew connects to the registry with the files that Envoy has now. Envoy itself keeps its connections.
func (h *host) connectsAnew() error {
	at := "etc/dcr-gateway/registry/"
	pair, err := tls.LoadX509KeyPair(h.path(at+"gateway.pem"), h.path(at+"gateway.key"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(h.read(at + "registry-ca.pem")))
	return h.greets("127.0.0.1:"+h.ports.network, &tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: roots, ServerName: "registry.bank.example", MinVersion: tls.VersionTLS12,
	})
}

// listener is the address where TPPs connect with their certificates.
func (h *host) listener() string { return strings.TrimPrefix(h.world.MTLS(), "https://") }

// shakes reports whether a server accepts a client certificate, or refuses it with an alert that has this word.
func (h *host) shakes(address, client, alert string) error {
	pair, err := tls.LoadX509KeyPair(h.path(client+".pem"), h.path(client+".key"))
	if err != nil {
		return err
	}
	err = h.greets(address, &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	switch {
	case alert == "" && err != nil:
		return fmt.Errorf("refused: %w", err)
	case alert != "" && (err == nil || !strings.Contains(err.Error(), alert)):
		return fmt.Errorf("not refused: %w", err)
	}
	return nil
}

// greets makes a connection and waits for the first byte of an answer: in TLS 1.3 a client learns only then that it is refused.
func (h *host) greets(address string, settings *tls.Config) error {
	conn, err := (&tls.Dialer{Config: settings}).DialContext(h.tb.Context(), "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err = fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", address); err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	return err
}

// A service is the bank's, over mutual TLS.
type service struct {
	tb       testing.TB
	mu       sync.Mutex
	settings *tls.Config
	last     map[string]time.Time // when each client certificate was last seen, by its name
}

// bank starts it with certificates of the first CA.
func (h *host) bank(t *testing.T) *service {
	t.Helper()
	s := &service{tb: t, last: map[string]time.Time{}}
	s.use(h.pki.first, h.pki.first)
	listener, err := net.Listen("tcp", "127.0.0.1:"+h.ports.bank)
	h.must(err)
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(s.serve)}
	over := tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.settings, nil
	}})
	go func() { _ = server.Serve(over) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// use has new connections get a certificate of a CA, and accepts clients of others. Those that there are end with their next
// request, so that what is new is used.
func (s *service) use(own *testkit.Pair, clients ...*testkit.Pair) {
	pool := x509.NewCertPool()
	for _, ca := range clients {
		pool.AddCert(ca.Certificate)
	}
	pair := testkit.Certify(s.tb, own, x509.Certificate{
		Subject: pkix.Name{CommonName: "bank"}, DNSNames: []string{"bank.bank.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair.TLS()}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.last[r.TLS.PeerCertificates[0].Subject.CommonName] = time.Now()
	s.mu.Unlock()
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

func (s *service) seen(name string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[name]
}
