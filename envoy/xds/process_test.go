package xds

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

const bootstrap = `{
  "node": {"id": "ID", "cluster": "test"},
  "admin": {"address": {"pipe": {"path": "DIR/ID.admin"}}},
  "dynamic_resources": {
    "ads_config": {
      "api_type": "DELTA_GRPC", "transport_api_version": "V3",
      "grpc_services": [{"envoy_grpc": {"cluster_name": "xds", "retry_policy": {
        "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.2s"}}}}]
    },
    "cds_config": {"ads": {}, "resource_api_version": "V3"},
    "lds_config": {"ads": {}, "resource_api_version": "V3"}
  },
  "static_resources": {"clusters": [{
    "name": "xds", "type": "STATIC", "connect_timeout": "1s",
    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
      "explicit_http_config": {"http2_protocol_options": {}}
    }},
    "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": "DIR/xds.sock"}}}}]}]}
  }]}
}`

// An edge is a real Envoy, with the world's server for its configuration.
type edge struct {
	t     testing.TB
	admin *http.Client
	pid   int
	kill  func()
}

// envoy starts one and does not wait for it.
func (w *world) envoy(id string) *edge {
	w.t.Helper()
	binary, err := envoybin.Path(func(text string) { w.t.Log(text) })
	if err != nil {
		w.t.Fatal(err)
	}
	config := filepath.Join(w.dir, id+".json")
	text := strings.NewReplacer("DIR", w.dir, "ID", id).Replace(bootstrap)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	output := filepath.Join(w.dir, id+".out")
	running, err := process.Start(process.Command{Output: output, Argv: []string{
		binary, "-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning", "--drain-time-s", "1",
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	p := &edge{t: w.t, pid: running.PID()}
	p.kill = func() {
		running.Signal(syscall.SIGKILL)
		<-running.Ended()
	}
	w.t.Cleanup(func() {
		p.kill()
		if said, _ := os.ReadFile(output); w.t.Failed() {
			w.t.Logf("%s said:\n%s", id, said)
		}
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(w.dir, id+".admin"))
	}}
	w.t.Cleanup(transport.CloseIdleConnections)
	p.admin = &http.Client{Transport: transport, Timeout: patience}
	return p
}

// count returns a number of Envoy's own statistics.
func (p *edge) count(name string) (value int) {
	p.t.Helper()
	_, text := get(p.t, p.admin, "http://admin/stats?filter=^"+name+"$")
	if _, err := fmt.Sscanf(text, name+": %d", &value); err != nil {
		p.t.Fatalf("%s: have %q", name, text)
	}
	return value
}

// browser returns a client that trusts anybody and keeps its connections.
func browser(t testing.TB) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func at(port int, path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", port, path) }

// try returns status 0 where there is no answer.
func try(client *http.Client, url string, header ...string) (status int, body string) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	if len(header) == 2 {
		request.Header.Set(header[0], header[1])
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(content)
}

func get(t testing.TB, client *http.Client, url string) (status int, body string) {
	t.Helper()
	if status, body = try(client, url); status == 0 {
		t.Fatalf("%s: %s", url, body)
	}
	return status, body
}

// shows waits until a path answers with a text: workers learn of a change just after Envoy has acknowledged it.
func shows(t testing.TB, url, want string) {
	t.Helper()
	client := browser(t)
	var have string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, have = try(client, url); have == want {
			return
		}
	}
	t.Fatalf("%s: have %q, want %q", url, have, want)
}

// healthDelay is what an upstream takes to say that it is well.
const healthDelay = 300 * time.Millisecond

// upstream answers with its name on a socket.
func (w *world) upstream(name string) (socket string) {
	w.t.Helper()
	socket = filepath.Join(w.dir, name)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		w.t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.URL.Path == "/health" {
			time.Sleep(healthDelay)
		}
		io.WriteString(out, name)
	})}
	go server.Serve(listener)
	w.t.Cleanup(func() { server.Close() })
	return socket
}
