package envoy_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

const upstreamRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/late.sock", retries: 3}
  mutual: {address: "BANK", host: accounts.internal, tls: {ca: bank-ca.pem, server_name: bank.test, certificate: ours.pem, key: ours.key}}
  anonymous: {address: "BANK", tls: {ca: bank-ca.pem, server_name: bank.test}}
  other-name: {address: "BANK", tls: {ca: bank-ca.pem, server_name: other.test, certificate: ours.pem, key: ours.key}}
  other-ca: {address: "BANK", tls: {ca: server.pem, server_name: bank.test, certificate: ours.pem, key: ours.key}}
  old: {address: "OLD", tls: {ca: bank-ca.pem, server_name: bank.test}}
  named: {address: ["localhost:PORT"]}
  half: {address: ["ALIVE", "DEAD"], retries: 2}
  well: {address: ["ALIVE", "SICK"], health: {path: /health, interval: 100ms, timeout: 100ms}}
  sick: {address: "SICK", health: {path: /health, interval: 100ms, timeout: 100ms}}
  narrow: {address: "ALIVE", max_connections: 1, max_requests: 1}
  rude: {address: "RUDE", retries: 2}
routes:
  - {name: late, path: /late, methods: [GET], public: true, endpoint: jwks}
  - {name: mutual, path: /mutual, methods: [GET], checks: [certificate, bearer], upstream: mutual}
  - {name: anonymous, path: /anonymous, methods: [GET], checks: [certificate, bearer], upstream: anonymous}
  - {name: other-name, path: /other-name, methods: [GET], checks: [certificate, bearer], upstream: other-name}
  - {name: other-ca, path: /other-ca, methods: [GET], checks: [certificate, bearer], upstream: other-ca}
  - {name: old, path: /old, methods: [GET], checks: [certificate, bearer], upstream: old}
  - {name: named, path: /named, methods: [GET], checks: [certificate, bearer], upstream: named}
  - {name: half, path: /half, methods: [GET], checks: [certificate, bearer], upstream: half}
  - {name: well, path: /well, methods: [GET], checks: [certificate, bearer], upstream: well}
  - {name: sick, path: /sick, methods: [GET], checks: [certificate, bearer], upstream: sick}
  - {name: narrow, path: /sleep, methods: [GET], checks: [certificate, bearer], upstream: narrow, timeout: 500ms}
  - {name: rude, path: /rude, methods: [POST], checks: [certificate, bearer], upstream: rude}
`

// TestUpstreams passes requests on to servers of all kinds.
func TestUpstreams(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	bank := newAuthority(t)
	writeFile(t, filepath.Join(e.dir, "bank-ca.pem"), bank.PEM())
	bank.issue(t, "gateway", x509.ExtKeyUsageClientAuth, "gateway.test").Write(t, filepath.Join(e.dir, "ours"))
	alive, sick, rude := startServer(t, nil, e.registry), startServer(t, nil, http.NotFoundHandler()), new(rude)
	_, port, _ := net.SplitHostPort(alive)
	late := startUpstream(t, filepath.Join(e.dir, "late.sock"))
	e.render(t, e.file(t, upstreamRoutes,
		"BANK", startServer(t, bank.mutual(t), e.registry), "OLD", startServer(t, bank.old(t), e.registry),
		"ALIVE", alive, "SICK", sick, "DEAD", freeAddress(t), "PORT", port, "RUDE", startServer(t, nil, rude)))
	e.gate.answers(allow)
	client := e.client(t, 2)
	t.Run("mutual TLS", func(t *testing.T) {
		seen := ask(t, client, "GET", e.mtls+"/mutual", nil).seen(t)
		if seen.SNI != "bank.test" || seen.Client != "gateway" || seen.Host != "accounts.internal" {
			t.Errorf("have %+v", seen)
		}
	})
	for _, name := range []string{"anonymous", "other-name", "other-ca", "old"} {
		t.Run(name, func(t *testing.T) {
			before := e.registry.calls.Load()
			ask(t, client, "GET", e.mtls+"/"+name, nil).isOwnReply(t, 503, "temporarily_unavailable")
			if e.registry.calls.Load() != before {
				t.Error("the request reached the upstream")
			}
		})
	}
	t.Run("by name", func(t *testing.T) {
		if have := ask(t, client, "GET", e.mtls+"/named", nil).seen(t).Host; have != host(e.mtls) {
			t.Errorf("the upstream was asked for %q", have)
		}
	})
	t.Run("one of two is down", func(t *testing.T) { e.allWell(t, client, "/half") })
	t.Run("one of two is sick", func(t *testing.T) { e.allWell(t, client, "/well") })
	t.Run("all are sick", func(t *testing.T) {
		ask(t, client, "GET", e.mtls+"/sick", nil).isOwnReply(t, 503, "temporarily_unavailable")
	})
	t.Run("too many requests", func(t *testing.T) { e.testBreaker(t, client) })
	t.Run("what it has seen is not sent again", func(t *testing.T) {
		ask(t, client, "POST", e.mtls+"/rude", nil).isOwnReply(t, 503, "temporarily_unavailable")
		if have := rude.calls.Load(); have != 1 {
			t.Errorf("it was sent %d times", have)
		}
	})
	t.Run("restart", func(t *testing.T) {
		late.server.Close()
		time.AfterFunc(20*time.Millisecond, func() { startUpstream(t, filepath.Join(e.dir, "late.sock")) })
		ask(t, client, "GET", e.mtls+"/late", nil).seen(t)
	})
}

// TestFrozenRegistry: a registry that is there and answers nothing is left out, without a word in routes.yaml.
func TestFrozenRegistry(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	second := startUpstream(t, filepath.Join(e.dir, "second.sock"))
	e.render(t, e.file(t, twoListeners+`
upstreams:
  registry: {address: ["unix:DIR/registry.sock", "unix:DIR/second.sock"], timeout: 500ms}
routes:
  - {name: jwks, path: /jwks, methods: [GET], public: true, endpoint: jwks}
`))
	client := e.client(t, 2)
	wellInARow := func(want int) {
		t.Helper()
		for inARow, begun := 0, time.Now(); inARow < want; inARow++ {
			if ask(t, client, "GET", e.mtls+"/jwks", nil).status != http.StatusOK {
				inARow = -1
			}
			if time.Since(begun) > patience {
				t.Fatal("a registry that does not answer is still asked")
			}
		}
	}
	wellInARow(10)
	second.frozen.Store(true)
	wellInARow(20) // of two that are asked in turn, every other one would fail
	before := second.calls.Load()
	second.frozen.Store(false)
	for begun := time.Now(); second.calls.Load() == before; {
		wellInARow(1)
		if time.Since(begun) > patience {
			t.Fatal("a registry that is back is not asked")
		}
	}
}

func (e *edge) allWell(t *testing.T, client *http.Client, path string) {
	t.Helper()
	for range 20 {
		ask(t, client, "GET", e.mtls+path, nil).seen(t)
	}
}

// testBreaker sends three requests to an upstream that may have one under way and one waiting.
func (e *edge) testBreaker(t *testing.T, client *http.Client) {
	before, waiting := e.registry.calls.Load(), make(chan int, 2)
	send := func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.mtls+"/sleep", nil)
		if err != nil {
			waiting <- 0
			return
		}
		answer, _ := do(client, request)
		waiting <- answer.status
	}
	go send()
	for range 100 {
		if e.registry.calls.Load() > before {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	go send()
	if !e.waitFor(t, "/stats?filter=cluster.narrow.upstream_rq_pending_active", "upstream_rq_pending_active: 1") {
		t.Error("the second request does not wait")
	}
	ask(t, client, "GET", e.mtls+"/sleep", nil).isOwnReply(t, 503, "temporarily_unavailable")
	for range 2 {
		if have := <-waiting; have != http.StatusGatewayTimeout {
			t.Errorf("a request that may be under way or wait is answered %d", have)
		}
	}
}

// rude hangs up on whatever it is asked.
type rude struct{ calls atomic.Int32 }

// ServeHTTP implements http.Handler.
func (r *rude) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.calls.Add(1)
	if connection, _, err := w.(http.Hijacker).Hijack(); err == nil {
		connection.Close()
	}
}

// startServer serves on a loopback address, which it returns; with TLS where it has a configuration.
func startServer(t *testing.T, config *tls.Config, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return address
}

// mutual is a server bank.test that asks for a client certificate.
func (a authority) mutual(t *testing.T) *tls.Config {
	t.Helper()
	pair := a.issue(t, "bank", x509.ExtKeyUsageServerAuth, "bank.test")
	return &tls.Config{Certificates: []tls.Certificate{pair.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool()}
}

// old is a server that knows nothing newer than TLS 1.1.
func (a authority) old(t *testing.T) *tls.Config {
	t.Helper()
	config := a.mutual(t)
	config.ClientAuth, config.MinVersion, config.MaxVersion = tls.NoClientCert, tls.VersionTLS10, tls.VersionTLS11
	return config
}
