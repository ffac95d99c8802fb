package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// program is Envoy's, found once for all tests.
var program string

// supervised tells this program to be a supervisor and not a test: it holds the command, and its end is the parent's
// business.
const supervised = "DCR_EDGE_TEST_COMMAND"

func TestMain(m *testing.M) {
	if command := os.Getenv(supervised); command != "" {
		supervise(strings.Split(command, "\n"))
		return
	}
	var err error
	if program, err = envoybin.Path(func(text string) { log.Print(text) }); err != nil {
		log.Print(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// supervise runs what the first of its arguments, the admin interface's address, belongs to.
func supervise(command []string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := Run(ctx, Options{Argv: command[1:], Admin: socket.Local(command[0]), Drain: time.Second, Log: slog.New(slog.DiscardHandler)})
	if exit, ok := errors.AsType[*Exit](err); ok {
		os.Exit(exit.ExitCode())
	}
}

const configuration = `
admin: {address: {pipe: {path: %s}}}
static_resources:
  listeners:
  - name: edge
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: edge
          route_config: {name: edge, virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: upstream}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
  clusters:
  - name: upstream
    connect_timeout: 1s
    load_assignment:
      cluster_name: upstream
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
`

// An edge is a command to start an Envoy in front of an upstream that takes the time a request asks for.
type edge struct {
	Options
	url string
}

func newEdge(t *testing.T) edge {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		takes, err := time.ParseDuration(r.URL.Query().Get("takes"))
		if err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then does net/http see that the client has gone
		select {
		case <-time.After(takes):
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(upstream.Close)
	folder, err := os.MkdirTemp("", "edge") // a short name, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	port, path, file := freePort(t), filepath.Join(folder, "admin.sock"), filepath.Join(folder, "envoy.yaml")
	text := fmt.Sprintf(configuration, path, port, upstream.Listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return edge{
		url: fmt.Sprintf("http://127.0.0.1:%d", port),
		Options: Options{
			Argv:  []string{program, "-c", file, "--concurrency", "2", "--disable-hot-restart", "--log-level", "error"},
			Admin: socket.Local("unix:" + path), Drain: 10 * time.Second, Stderr: os.Stderr, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		},
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// serves waits until Envoy answers.
func (e edge) serves(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if e.refusal() == nil {
			return
		}
	}
	t.Fatal("envoy does not serve")
}

// refusal is why no new connection can be made; nil where one can.
func (e edge) refusal() error {
	connection, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err == nil {
		connection.Close()
	}
	return err
}

// begin runs the edge until it is told to end, and returns what tells it and what it came to.
func (e edge) begin(t *testing.T, limits times) (end context.CancelFunc, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	var gone sync.WaitGroup
	gone.Go(func() { result <- run(ctx, e.Options, limits) })
	t.Cleanup(func() { cancel(); gone.Wait() })
	return cancel, result
}

// within waits for the end of a run.
func within(t *testing.T, ended <-chan error) error {
	t.Helper()
	const patience = 30 * time.Second // far more than it takes, also beside other load
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatalf("envoy has not ended after %s", patience)
		return nil
	}
}
