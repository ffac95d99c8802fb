package envoy_test

import (
	"context"
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

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
)

// drainTime is how long Envoy keeps connections of a listener that has changed.
const drainTime = 2 * time.Second

// envoyBinary returns a real Envoy's name.
func envoyBinary(t *testing.T) string {
	t.Helper()
	binary, err := envoybin.Path(func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// run starts Envoy on a bootstrap and waits until it is ready.
func (e *edge) run(t *testing.T, bootstrap *bootstrapv3.Bootstrap) {
	t.Helper()
	output := e.start(t, bootstrap)
	if !e.waitFor(t, "/ready", "LIVE") {
		said, _ := os.ReadFile(output)
		t.Fatalf("envoy is not ready after 10 s; it said:\n%s", said)
	}
}

// start starts Envoy, which ends with the test. It returns the name of the file of what Envoy says.
func (e *edge) start(t *testing.T, bootstrap *bootstrapv3.Bootstrap) string {
	t.Helper()
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(e.dir, "envoy.yaml"), config)
	output := filepath.Join(e.dir, "envoy.out")
	running, err := process.Start(process.Command{
		Argv: []string{envoyBinary(t), "-c", "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning",
			"--file-flush-interval-msec", "50", "--drain-time-s", fmt.Sprint(drainTime.Seconds()), "--drain-strategy", "immediate"},
		Dir: e.dir, Output: output,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if running.EndsWithin(0) {
			t.Errorf("envoy has ended: %v", running.Err())
		}
		running.Signal(syscall.SIGKILL)
		<-running.Ended()
		if t.Failed() {
			said, _ := os.ReadFile(output)
			t.Logf("envoy said:\n%s", said)
		}
	})
	return output
}

// waitFor asks the admin interface until its answer has a text, at most 10 s.
func (e *edge) waitFor(t *testing.T, path, want string) bool {
	t.Helper()
	for range 200 {
		if answer, err := e.admin(path); err == nil && strings.Contains(answer, want) {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// admin asks Envoy's admin interface.
func (e *edge) admin(path string) (string, error) { return e.administer(http.MethodGet, path) }

func (e *edge) administer(method, path string) (string, error) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(e.dir, "admin.sock"))
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(context.Background(), method, "http://admin"+path, nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
