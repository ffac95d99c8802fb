package reload

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestStricterSettingsReachOpenConnections: a connection that was made before TLS became stricter, or before a CA of client
// certificates was removed, ends within edge.drain_time, and not after the 10 minutes of Envoy's default.
func TestStricterSettingsReachOpenConnections(t *testing.T) {
	const drainTime = 10 * time.Second // the world's
	text, r := original(t), world.Register(t, harness.Order{})
	file, err := os.ReadFile(world.Path("directory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	directory, two := string(file), strings.Replace(string(file), "ca: [directory/issuing.pem]", "ca: [directory/issuing.pem, "+world.File.ServerCA+"]", 1)
	if two == directory {
		t.Fatalf("no CA to add to in %s", directory)
	}
	trust := func(text string) {
		overwrite(t, "directory.yaml", []byte(text))
		if err := world.AwaitInForce(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { trust(directory); install(t, text) })
	for _, test := range []struct {
		name           string
		before, change func()
	}{
		{"a minimum of TLS 1.3", func() {}, func() {
			install(t, strings.Replace(text, "client_certificate: required", "client_certificate: required\n    tls_minimum: \"1.3\"", 1))
		}},
		{"a CA is removed", func() { trust(two) }, func() { trust(directory) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.before()
			dialer := &tls.Dialer{Config: world.TLS(&r.Transport)}
			connection, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(world.MTLS(), "https://"))
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			ended := make(chan struct{})
			go func() { // a client that asks nothing more
				_, _ = io.Copy(io.Discard, connection)
				close(ended)
			}()
			test.change()
			begun := time.Now()
			select {
			case <-ended:
				t.Logf("ended after %s", time.Since(begun))
			case <-time.After(3 * drainTime):
				t.Error("the connection lives on")
			}
		})
	}
}

// TestLogsAreReopened: a log that was renamed is followed by a new one, Envoy's too, and no part ends.
func TestLogsAreReopened(t *testing.T) {
	r := world.Register(t, harness.Order{})
	logs := map[string]string{harness.Gate: world.File.Logs.Gate, harness.Registry: world.File.Logs.Registry, harness.Envoy: world.File.Logs.Envoy}
	for part, log := range logs {
		if err := os.Rename(world.Path(log), world.Path(log)+".1.jsonl"); err != nil {
			t.Fatal(err)
		}
		if err := world.Signal(part, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	for part, log := range logs {
		for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			if answer := r.Get(t, r.API().URL); answer.Status != http.StatusOK {
				t.Errorf("a call: %s", answer)
			}
			_ = r.Get(t, r.ClientURL(r.ID))
			info, err := os.Stat(world.Path(log))
			if err == nil && info.Size() > 0 {
				if info.Mode().Perm() != 0o640 {
					t.Errorf("%s: the mode is %v, want 0640", filepath.Base(log), info.Mode())
				}
				break
			}
			if time.Since(begun) > patience {
				t.Fatalf("the log of the %s was not reopened: %v", part, err)
			}
		}
	}
}
