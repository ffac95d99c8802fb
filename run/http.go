package run

import (
	"context"
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
	"github.com/dcr-gateway/dcr-gateway/internal/probe"
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
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { probe.JSON(w, http.StatusOK, status()) })
	return mux
}

// registryHealth serves probes and scrapers of a registry. It is alive and ready as long as it answers; the body says whether
// something keeps it from serving.
func registryHealth(status func() registry.Status, metrics http.Handler) *http.ServeMux {
	health := func(context.Context) probe.Answer {
		s := status()
		return probe.Degraded(s.Healthy, s.Why)
	}
	return probe.Handler(health, health, metrics)
}
