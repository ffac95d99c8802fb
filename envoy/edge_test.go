package envoy_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// An edge is a real Envoy on a rendered configuration, with a gate and upstreams of the test's own.
type edge struct {
	gate     *gate
	mtls     string // https://IP:PORT of the listener that requires a certificate
	public   string // of the other one
	trust    authority
	log      string // name of the access log
	registry *upstream
}

// TestEdge puts the rendered configuration in front of a real Envoy's clients.
func TestEdge(t *testing.T) {
	e := startEdge(t)
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
		t.Run(c.name+"/gate's answers", func(t *testing.T) { e.testGateAnswers(t, client) })
	}
	t.Run("protocol errors", e.testProtocolErrors)
	t.Run("TLS", e.testTLS)
	t.Run("access log", e.testAccessLog)
	t.Run("sick gate", e.testSickGate)
	t.Run("frozen gate", wait)
	t.Run("gate restarts", e.testGateRestarts)
}

const edgeRoutes = `
issuer: https://PUBLIC
audiences: [test]
directories: [routes.yaml]
auth_methods: [private_key_jwt]
tokens: {audience: "https://MTLS"}
listeners:
  mtls: {address: "MTLS", url: "https://MTLS", certificate: server.pem, key: server.key, client_certificate: required}
  public: {address: "PUBLIC", url: "https://PUBLIC", certificate: server.pem, key: server.key, client_certificate: none}
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
  bank: {address: "unix:DIR/bank.sock"}
  slow: {address: "unix:DIR/registry.sock", timeout: 200ms}
routes:
  - {name: register, path: /register, methods: [POST], checks: [certificate, statement], profile: p, endpoint: registration}
  - {name: client, path: "/register/{ClientId}", methods: [GET, DELETE], checks: [certificate, bearer, owner], profile: p, endpoint: registration}
  - {name: status, path: "/register/status", methods: [GET], checks: [certificate, bearer], upstream: slow}
  - {name: token, path: /token, methods: [POST], checks: [certificate, clientauth], endpoint: token}
  - {name: keeps, path: /keeps, methods: [GET], checks: [certificate, bearer], upstream: slow, token: true}
  - {name: sleep, path: /sleep, methods: [GET], checks: [certificate, bearer], upstream: slow}
  - {name: down, path: /down, methods: [GET], checks: [certificate, bearer], upstream: bank}
  - {name: jwks, path: /jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
`

func startEdge(t *testing.T) *edge {
	t.Helper()
	binary, err := envoybin.Path(func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "edge") // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	mtls, public := freeAddress(t), freeAddress(t)
	e := &edge{mtls: "https://" + mtls, public: "https://" + public, trust: newAuthority(t), log: filepath.Join(dir, "access.log")}
	e.trust.server(t, dir)
	e.registry = startUpstream(t, filepath.Join(dir, "registry.sock"))
	e.gate = startGate(t, filepath.Join(dir, "gate.sock"))
	source := strings.NewReplacer("DIR", dir, "MTLS", mtls, "PUBLIC", public).Replace(edgeRoutes)
	writeFile(t, filepath.Join(dir, "routes.yaml"), []byte(source))
	file, err := routes.Read(filepath.Join(dir, "routes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bootstrap, err := envoy.Render(file, envoy.Options{
		Gate:      "unix:" + filepath.Join(dir, "gate.sock"),
		Admin:     "unix:" + filepath.Join(dir, "admin.sock"),
		AccessLog: e.log,
		ClientCAs: e.trust.pem,
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "envoy.yaml"), config)
	runEnvoy(t, binary, dir)
	return e
}

func runEnvoy(t *testing.T, binary, dir string) {
	t.Helper()
	output, err := os.Create(filepath.Join(dir, "envoy.out"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, "-c", "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning",
		"--file-flush-interval-msec", "50")
	command.Dir, command.Stdout, command.Stderr = dir, output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(command.Process.Kill(), output.Close()); err != nil {
			t.Error(err)
		}
		command.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(output.Name())
			t.Logf("envoy said:\n%s", said)
		}
	})
	admin := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "admin.sock"))
	}}}
	defer admin.CloseIdleConnections()
	for range 200 {
		if answer, err := admin.Get("http://admin/ready"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(output.Name())
	t.Fatalf("envoy is not ready after 10 s; it said:\n%s", said)
}

// freeAddress finds a loopback port that nobody uses now.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
