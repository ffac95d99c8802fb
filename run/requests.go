package run

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	// idleTimeout is longer than Envoy keeps an idle connection: a connection is closed by the one who sends on it.
	idleTimeout = 65 * time.Minute
	grace       = 10 * time.Second
)

// serveRequests serves what Envoy sends a registry until ctx ends, and then lets the requests that are under way finish.
func serveRequests(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return socket.ServeHTTP(ctx, listener, server, grace)
}
