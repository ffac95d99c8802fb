package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// serveAdmin answers the operator, and probes and scrapers.
func (p *part) serveAdmin(ctx context.Context, group *errgroup.Group, admin, health http.Handler) {
	group.Go(func() error {
		listener, err := p.admin.Listen(ctx, socket.OwnerOnly)
		if err != nil {
			return err
		}
		return serveHTTP(ctx, listener, noWebSite(admin))
	})
	if p.health != "" {
		group.Go(func() error {
			listener, err := socket.ListenTCP(ctx, p.health)
			if err != nil {
				return err
			}
			return serveHTTP(ctx, listener, health)
		})
	}
}

// noWebSite refuses what a web page can send through a proxy or a tunnel to the socket. Browsers add Origin to every request
// that can change something (Fetch, section 3.2.5), and a name that resolves to the tunnel (DNS rebinding) shows in Host.
func noWebSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		if _, fromPage := r.Header["Origin"]; fromPage || host != "localhost" {
			http.Error(w, `{"error":"the admin interface answers requests without Origin, and with Host: localhost"}`, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onHangup does something at each SIGHUP until ctx ends.
func onHangup(ctx context.Context, do func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			do()
		}
	}
}

// lastAnswer is how long a response may still take when the part ends.
const lastAnswer = 100 * time.Millisecond

func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if err := socket.ServeHTTP(ctx, listener, server, lastAnswer); ctx.Err() == nil {
		return fmt.Errorf("%s: %w", listener.Addr(), err)
	}
	return nil
}

// registryAdmin is the admin interface of a registry. A registry has no file and no history, so it has no roll back.
//
//	GET /status  registry.Status
//	and what registryHealth serves
func registryAdmin(status func() registry.Status, metrics http.Handler) http.Handler {
	mux := registryHealth(status, metrics)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answer(w, status()) })
	return mux
}

// registryHealth serves probes and scrapers of a registry.
//
//	GET /healthz, /readyz  200 as long as the process answers; the body says whether something keeps it from serving
//	GET /metrics           metrics
func registryHealth(status func() registry.Status, metrics http.Handler) *http.ServeMux {
	health := func(w http.ResponseWriter, _ *http.Request) {
		body := map[string]string{"status": "ok"}
		if s := status(); !s.Healthy {
			body = map[string]string{"status": "degraded", "why": s.Why}
		}
		answer(w, body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", health)
	mux.HandleFunc("GET /readyz", health)
	mux.Handle("GET /metrics", metrics)
	return mux
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // fails only if the client has gone
}
