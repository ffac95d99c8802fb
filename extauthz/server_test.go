package extauthz

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// served is a gate that serves on a Unix socket, and Envoy's side of it.
type served struct {
	authv3.AuthorizationClient
	health healthv1.HealthClient
	socket string
	stop   context.CancelFunc
	done   chan error
}

func (w *world) serve(gate *Gate) *served {
	w.t.Helper()
	dir, err := os.MkdirTemp("", "gate") // short: a socket's path has at most 104 bytes
	w.must(err)
	w.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &served{socket: filepath.Join(dir, "gate.sock"), done: make(chan error, 1)}
	listener, err := net.Listen("unix", s.socket)
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	w.t.Cleanup(stop)
	go func() { s.done <- Serve(ctx, listener, gate, slog.New(slog.NewJSONHandler(w.log, nil))) }()
	connection, err := grpc.NewClient("unix:"+s.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	w.must(err)
	w.t.Cleanup(func() { _ = connection.Close() })
	s.AuthorizationClient, s.health = authv3.NewAuthorizationClient(connection), healthv1.NewHealthClient(connection)
	return s
}

// TestServePanic: a filter that panics ends its own decision, with an error that Envoy answers with 503, and no other.
func TestServePanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "a-token-that-a-panic-quotes"
	gate := w.chained(time.Minute, func(_ context.Context, r *filter.Request) error {
		switch r.Header.Get("Content-Encoding") {
		case "text":
			panic(secret)
		case "error":
			panic(errors.New(secret))
		case "nil":
			_ = r.Certificate.X509.NotAfter // the certificate is nil
		}
		return nil
	})
	s := w.serve(gate)
	for _, kind := range []string{"text", "error", "nil", "text"} {
		w.log.Take()
		response, err := s.Check(t.Context(), w.ask("one", "GET", "/one", [2]string{"content-encoding", kind}).request())
		if status.Code(err) != codes.Internal || response != nil {
			t.Errorf("%s: got %v, %v, want Internal", kind, response, err)
		}
		text := w.log.Take()
		if strings.Contains(text, secret) || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the panic's value is told: %v\n%s", kind, err, text)
		}
		if strings.Count(text, `"level":"ERROR"`) != 1 || !strings.Contains(text, "server_test.go") {
			t.Errorf("%s: want one line with the stack: %s", kind, text)
		}
		response, err = s.Check(t.Context(), w.askOne())
		if err != nil || !readResponse(t, response).allowed {
			t.Fatalf("after %s the gate is not what it was: %v %v", kind, response, err)
		}
	}
	s.wantHealth(t, healthv1.HealthCheckResponse_SERVING)
}

// TestServeDecides asks a whole gate through its socket.
func TestServeDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve(w.gate)
	compact, _ := w.token("accounts")
	for want, check := range map[string]*authv3.CheckRequest{
		"200": w.reading(compact).request(), "401 bearer.token": w.reading("x").request(), "503 internal": {},
	} {
		response, err := s.Check(t.Context(), check)
		if err != nil {
			t.Fatal(err)
		}
		if got := readResponse(t, response).verdict(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestServeStops lets Envoy know before it closes, and lets running decisions finish.
func TestServeStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	running, finish := make(chan struct{}), make(chan struct{})
	s := w.serve(w.chained(time.Minute, func(_ context.Context, r *filter.Request) error {
		if r.Header.Get("Content-Type") != "" {
			close(running)
			<-finish
		}
		return nil
	}))
	s.wantHealth(t, healthv1.HealthCheckResponse_SERVING)
	type result struct {
		response *authv3.CheckResponse
		err      error
	}
	slow := make(chan result, 1)
	go func() {
		response, err := s.Check(t.Context(), w.ask("one", "GET", "/one", [2]string{"content-type", "wait"}).request())
		slow <- result{response, err}
	}()
	select {
	case <-running:
	case got := <-slow:
		t.Fatalf("the decision that was to wait: %v %v", got.response, got.err)
	}

	stopped := time.Now()
	s.stop()
	s.wantHealth(t, healthv1.HealthCheckResponse_NOT_SERVING)
	if response, err := s.Check(t.Context(), w.askOne()); err != nil || !readResponse(t, response).allowed {
		t.Errorf("it does not decide while Envoy turns away: %v %v", response, err)
	}
	for s.reachable() { // until the graceful stop has closed the listener
		time.Sleep(10 * time.Millisecond)
	}
	if drained := time.Since(stopped); drained < time.Second {
		t.Errorf("it closed after %s: Envoy asks for its health once a second", drained)
	}
	close(finish)
	if got := <-slow; got.err != nil || !readResponse(t, got.response).allowed {
		t.Errorf("the running decision: %v %v", got.response, got.err)
	}
	if err := <-s.done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func (s *served) reachable() bool {
	connection, err := net.Dial("unix", s.socket)
	if err == nil {
		_ = connection.Close()
	}
	return err == nil
}

// wantHealth asks as Envoy does, until the answer is the one wanted.
func (s *served) wantHealth(t *testing.T, want healthv1.HealthCheckResponse_ServingStatus) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		got, err := s.health.Check(t.Context(), &healthv1.HealthCheckRequest{})
		if err == nil && got.GetStatus() == want {
			return
		}
		if err != nil || time.Since(begun) > 30*time.Second {
			t.Fatalf("health %s, want %s: %v", got.GetStatus(), want, err)
		}
	}
}

// TestServeFails tells its caller when it cannot serve.
func TestServeFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := Serve(t.Context(), listener, &Gate{}, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "gate: ") {
		t.Errorf("got %v", err)
	}
}
