package run

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

const discovery = "/.well-known/openid-configuration"

// world is gates and registries that run in the test's own process.
type world struct {
	t     *testing.T
	dir   string // of their sockets and logs, with a short name
	redis string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "dcr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{t: t, dir: dir, redis: redisserver.Shared(t).URL}
	if err := Init().Run(t.Context(), []string{"--redis", w.redis}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	return w
}

// start runs a process until the test ends, and waits until it serves.
func (w *world) start(name string, command cli.Command, arguments ...string) {
	w.t.Helper()
	w.startWith(name, command, append(arguments, "--listen", w.address(name), "--admin", w.address(name+"-admin"))...)
}

// startWith starts a process that has its addresses from the caller.
func (w *world) startWith(name string, command cli.Command, arguments ...string) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	arguments = append(arguments, "--redis", w.redis, "--log", filepath.Join(w.dir, name+".log"))
	go func() { ended <- command.Run(ctx, arguments, io.Discard, io.Discard) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
	})
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(w.dir, name+"-admin.sock")); err == nil {
			return
		} else if time.Since(begun) > 20*time.Second {
			w.t.Fatalf("%s does not serve", name)
		}
	}
}

func (w *world) address(name string) string { return "unix:" + filepath.Join(w.dir, name+".sock") }

// gate starts a gate with a routes.yaml of its own, and returns its version.
func (w *world) gate(name string, edits ...string) string {
	w.t.Helper()
	dir := sample.Folder(w.t)
	path := filepath.Join(dir, "routes.yaml")
	sample.Write(w.t, path, strings.NewReplacer(edits...).Replace(sample.Routes))
	w.start(name, Gate(), "--routes", path, "--state", "", "--xds", w.address(name+"-xds"))
	version, err := config.Read(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return version.ID()
}

// get asks a gate about a request for the discovery document, and a registry with the facts that it gets, as Envoy does.
func (w *world) get(gate, version string) (status int, issuer any) {
	w.t.Helper()
	connection, err := grpc.NewClient(w.address(gate), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer connection.Close()
	check := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Request:           &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: "GET", Path: discovery, Host: "localhost:8444"}},
		ContextExtensions: map[string]string{routes.ContextListener: "public", routes.ContextRoute: "discovery", routes.ContextVersion: version},
	}}
	answer, err := authv3.NewAuthorizationClient(connection).Check(w.t.Context(), check)
	if err != nil || answer.GetOkResponse() == nil {
		w.t.Fatalf("%s: %v, %v", gate, answer, err)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://registry"+discovery, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, header := range answer.GetOkResponse().GetHeaders() {
		if strings.EqualFold(header.GetHeader().GetKey(), facts.Header) {
			request.Header.Set(facts.Header, header.GetHeader().GetValue()+string(header.GetHeader().GetRawValue()))
		}
	}
	var said map[string]any
	status = w.ask("registry", request, &said)
	return status, said["issuer"]
}

// text reads a document from a socket.
func (w *world) text(socket, path string) string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response := w.send(socket, request)
	defer response.Body.Close()
	document, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(document)
}

// send sends a request to a socket.
func (w *world) send(socket string, request *http.Request) *http.Response {
	w.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(w.dir, socket+".sock"))
	}}}
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	return response
}

// ask sends a request to a socket, and reads the answer's JSON.
func (w *world) ask(socket string, request *http.Request, into any) int {
	w.t.Helper()
	response := w.send(socket, request)
	defer response.Body.Close()
	if into == nil {
		return response.StatusCode
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode
}

// Two gates with two files, and one registry that never saw either: each request is answered by the file of its gate.
func TestARegistryServesWhatItsGatesSay(t *testing.T) {
	w := newWorld(t)
	w.start("registry", Registry())
	first := w.gate("gate-1")
	second := w.gate("gate-2", "issuer: https://localhost:8444", "issuer: https://new.example:8444")
	for range 3 {
		if status, issuer := w.get("gate-1", first); status != http.StatusOK || issuer != "https://localhost:8444" {
			t.Errorf("by the first: %d %v", status, issuer)
		}
		if status, issuer := w.get("gate-2", second); status != http.StatusOK || issuer != "https://new.example:8444" {
			t.Errorf("by the second: %d %v", status, issuer)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	var status struct {
		Healthy  bool
		Versions []struct{ Version string }
	}
	if w.ask("registry-admin", request, &status); !status.Healthy || len(status.Versions) != 2 || first == second {
		t.Errorf("the registry's status is %+v", status)
	}
}

// A part that cannot serve exits with the reason.
func TestAPartThatCannotServeEnds(t *testing.T) {
	w := newWorld(t)
	w.start("registry", Registry())
	for name, test := range map[string]struct {
		command   cli.Command
		arguments []string
		want      string
	}{
		"its address is taken": {Registry(), []string{"--listen", w.address("registry"), "--admin", w.address("other")}, "registry.sock"},
		"there is no file":     {Gate(), []string{"--routes", filepath.Join(w.dir, "none.yaml"), "--state", ""}, "none.yaml"},
		"no keys to rotate":    {Keys(), []string{"rotate"}, "Redis holds no keys"},
		"no keys to list":      {Keys(), []string{"list"}, "Redis holds no keys"},
		"no key named":         {Keys(), []string{"drop"}, "KID is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := append(test.arguments, "--redis", w.redis)
			if err := test.command.Run(t.Context(), arguments, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
