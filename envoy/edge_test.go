package envoy_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// An edge is a real Envoy on a rendered configuration, with a gate and upstreams of the test's own.
type edge struct {
	dir      string
	gate     *gate
	mtls     string // https://IP:PORT of the listener that requires a certificate
	public   string // of the other one
	trust    authority
	log      string // name of the access log
	registry *upstream
	traces   *trace.Collector // nil for none
}

// TestEdge puts the rendered configuration in front of a real Envoy's clients.
func TestEdge(t *testing.T) {
	t.Parallel()
	e := startEdge(t, edgeRoutes)
	wait := e.frozen(t)
	for _, c := range []struct {
		name    string
		version int
	}{{"HTTP/1.1", 1}, {"HTTP/2", 2}} {
		client := e.client(t, c.version)
		t.Run(c.name+"/question", func(t *testing.T) { e.testQuestion(t, client) })
		t.Run(c.name+"/headers", func(t *testing.T) { e.testHeaders(t, client) })
		t.Run(c.name+"/routing", func(t *testing.T) { e.testRouting(t, client) })
		t.Run(c.name+"/own replies", func(t *testing.T) { e.testOwnReplies(t, client) })
		t.Run(c.name+"/health", func(t *testing.T) { e.testHealth(t, client) })
		t.Run(c.name+"/gate's answers", func(t *testing.T) { e.testGateAnswers(t, client) })
	}
	t.Run("protocol errors", e.testProtocolErrors)
	t.Run("TLS", e.testTLS)
	t.Run("access log", e.testAccessLog)
	t.Run("sick gate", e.testSickGate)
	t.Run("frozen gate", wait)
	t.Run("gate restarts", e.testGateRestarts)
	t.Run("drained", e.testDrained)
}

// commonRoutes is the beginning of every routes.yaml here.
const commonRoutes = `
issuer: https://PUBLIC
audiences: [test]
directories: [routes.yaml]
auth_methods: [private_key_jwt]
tokens: {audience: "https://MTLS"}
`

// twoListeners are for a test that asks for nothing special of them.
const twoListeners = commonRoutes + `
listeners:
  mtls: {address: "MTLS", url: "https://MTLS", certificate: server.pem, key: server.key, client_certificate: required}
  public: {address: "PUBLIC", url: "https://PUBLIC", certificate: server.pem, key: server.key, client_certificate: none}
`

const edgeRoutes = twoListeners + `
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/bank.sock"}
  slow: {address: "unix:DIR/registry.sock", timeout: 200ms}
  strict: {address: "unix:DIR/registry.sock", strip_headers: [x-bank-user, x-bank-role]}
routes:
  - {name: register, path: /register, methods: [POST], checks: [certificate, statement], profile: p, endpoint: registration}
  - {name: client, path: "/register/{ClientId}", methods: [GET, DELETE], checks: [certificate, bearer, owner], profile: p, endpoint: registration}
  - {name: status, path: "/register/status", methods: [GET], checks: [certificate, bearer], upstream: slow}
  - {name: token, path: /token, methods: [POST], checks: [certificate, clientauth], endpoint: token}
  - {name: keeps, path: /keeps, methods: [GET], checks: [certificate, bearer], upstream: slow, token: true}
  - {name: strips, path: /strips, methods: [GET], checks: [certificate, bearer], upstream: strict}
  - {name: sleep, path: /sleep, methods: [GET], checks: [certificate, bearer], upstream: slow}
  - {name: down, path: /down, methods: [GET], checks: [certificate, bearer], upstream: bank}
  - {name: jwks, path: /jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
`

// startEdge runs Envoy on the static rendering of a routes.yaml. Its words DIR, MTLS and PUBLIC are the folder of all
// sockets and the addresses of the listeners.
func startEdge(t *testing.T, source string, more ...string) *edge {
	t.Helper()
	e := newEdge(t)
	e.render(t, e.file(t, source, more...))
	return e
}

// render runs Envoy on the static rendering of a file.
func (e *edge) render(t *testing.T, file *routes.File) {
	t.Helper()
	bootstrap, err := envoy.Render(file, e.options(), e.trust.PEM())
	if err != nil {
		t.Fatal(err)
	}
	e.run(t, bootstrap)
}

// newEdge starts a gate and a registry, and makes the certificates of both listeners.
func newEdge(t *testing.T) *edge {
	t.Helper()
	dir, err := os.MkdirTemp("", "edge") // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	e := &edge{dir: dir, mtls: "https://" + freeAddress(t), public: "https://" + freeAddress(t), trust: newAuthority(t)}
	e.log = filepath.Join(dir, "access.log")
	e.trust.write(t, dir, "server", "server")
	e.registry = startUpstream(t, filepath.Join(dir, "registry.sock"))
	e.gate = startGate(t, filepath.Join(dir, "gate.sock"))
	return e
}

// file reads a routes.yaml in which words stand for what the world has.
func (e *edge) file(t *testing.T, source string, more ...string) *routes.File {
	t.Helper()
	words := append([]string{"DIR", e.dir, "MTLS", host(e.mtls), "PUBLIC", host(e.public)}, more...)
	path := filepath.Join(e.dir, "routes.yaml")
	text := []byte(strings.NewReplacer(words...).Replace(source))
	writeFile(t, path, text)
	file, err := routes.Parse(path, text, e.dir)
	if err != nil {
		t.Fatal(err)
	}
	file.Version = fmt.Sprintf("%x", sha256.Sum256(text))[:16]
	return file
}

func (e *edge) options() envoy.Options {
	return envoy.Options{
		Gate:      socket.Local("unix:" + filepath.Join(e.dir, "gate.sock")),
		XDS:       socket.Local("unix:" + filepath.Join(e.dir, "xds.sock")),
		Admin:     socket.Local("unix:" + filepath.Join(e.dir, "admin.sock")),
		AccessLog: e.log,
		Traces:    e.traces,
	}
}

// host returns the IP:PORT of a listener's URL.
func host(url string) string { return strings.TrimPrefix(url, "https://") }

// freeAddress finds a loopback port that nothing uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
