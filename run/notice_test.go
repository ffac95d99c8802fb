package run

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// A registry that is to end says so to health checks, and serves all other requests until the notice is over.
func TestNotice(t *testing.T) {
	listener, err := socket.ListenTCP(t.Context(), "127.0.0.1:0")
	must(t, err)
	usual := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })
	ctx, stop := context.WithCancel(t.Context())
	serving, handler := afterNotice(ctx, time.Second), giveNotice(ctx, usual)
	served := make(chan error, 1)
	go func() { served <- serveRequests(serving, listener, handler, slog.New(slog.DiscardHandler)) }()
	get := func(path string) int {
		response, err := http.Get("http://" + listener.Addr().String() + path)
		must(t, err)
		must(t, response.Body.Close())
		return response.StatusCode
	}
	if status := get("/healthz"); status != http.StatusOK {
		t.Errorf("before: %d, want 200", status)
	}
	stop()
	for path, want := range map[string]int{"/healthz": http.StatusServiceUnavailable, "/": http.StatusOK, "/healthz/x": http.StatusOK} {
		if status := get(path); status != want {
			t.Errorf("%s while it is about to end: %d, want %d", path, status, want)
		}
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if serving.Err() == nil {
		t.Error("it ended before the notice was over")
	}
}
