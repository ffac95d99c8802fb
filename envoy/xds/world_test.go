package xds

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

const patience = 10 * time.Second

// A world is a server on a socket, with what it has told.
type world struct {
	t        testing.TB
	dir      string
	server   *Server
	outcomes chan Outcome
	log      *testkit.Log
	stop     func()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "xds") // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{t: t, dir: dir, log: new(testkit.Log)}
	w.start(time.Minute)
	t.Cleanup(func() { w.stop() })
	return w
}

// start starts a server that knows nothing yet.
func (w *world) start(linger time.Duration) {
	w.t.Helper()
	listener, err := net.Listen("unix", w.socket())
	if err != nil {
		w.t.Fatal(err)
	}
	outcomes := make(chan Outcome, 10_000)
	w.outcomes = outcomes
	w.server = New(slog.New(slog.NewTextHandler(w.log, nil)), func(o Outcome) { outcomes <- o })
	w.server.linger = linger
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(ctx, listener) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Errorf("serve: %v", err)
			}
		case <-time.After(patience):
			w.t.Error("the server does not stop")
		}
	})
}

func (w *world) socket() string { return filepath.Join(w.dir, "xds.sock") }

func (w *world) publish(r *envoy.Resources, secrets ...*tlsv3.Secret) {
	w.t.Helper()
	if err := w.server.Publish(r, secrets); err != nil {
		w.t.Fatal(err)
	}
}

// outcome returns the next outcome.
func (w *world) outcome() Outcome {
	w.t.Helper()
	select {
	case o := <-w.outcomes:
		return o
	case <-time.After(patience):
		w.t.Fatalf("no outcome; connected: %+v", w.server.Envoys())
		return Outcome{}
	}
}

func (w *world) accepted(version string) {
	w.t.Helper()
	if have := w.outcome(); have != (Outcome{Version: version}) {
		w.t.Fatalf("have %+v, want %s accepted", have, version)
	}
}

func (w *world) refused(version, kind string) (words string) {
	w.t.Helper()
	have := w.outcome()
	if !have.Refused || have.Version != version || have.Type != kind || have.Words == "" {
		w.t.Fatalf("have %+v, want %s of %s refused", have, kind, version)
	}
	return have.Words
}

func (w *world) noOutcome() {
	w.t.Helper()
	select {
	case o := <-w.outcomes:
		w.t.Fatalf("have %+v, want nothing", o)
	case <-time.After(50 * time.Millisecond):
	}
}
