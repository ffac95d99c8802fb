package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/probe"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	statsTime  = 10 * time.Second // for Envoy to write its statistics
	maxStats   = 64 << 20
	lastAnswer = 100 * time.Millisecond // how long a response may still take when Envoy has ended
)

// serveHealth answers probes and scrapers at an address, until stop is called. It passes on three answers of the admin
// interface, and nothing else of it: who reaches this port can change nothing.
//
//	GET /healthz  200 while Envoy's main thread answers
//	GET /readyz   200 while Envoy has a configuration and is not being drained
//	GET /metrics  Envoy's statistics, for Prometheus
func serveHealth(ctx context.Context, address string, envoy socket.Local, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := socket.ListenTCP(ctx, address)
	if err != nil {
		return nil, err
	}
	admin := newAdmin(envoy, statsTime)
	server := &http.Server{Handler: healthHandler(admin), ReadTimeout: 5 * time.Second, WriteTimeout: 2 * statsTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx)) // also while Envoy drains
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := socket.ServeHTTP(serving, listener, server, lastAnswer); err != nil && serving.Err() == nil {
			log.ErrorContext(ctx, "health is not served any more", "cause", err.Error())
		}
	}()
	return func() { cancel(); <-ended; admin.close() }, nil
}

func healthHandler(admin *admin) http.Handler {
	alive := func(ctx context.Context) probe.Answer {
		_, err := admin.state(ctx)
		return report(err)
	}
	ready := func(ctx context.Context) probe.Answer {
		state, err := admin.state(ctx)
		if err == nil && state != "LIVE" {
			err = errors.New("envoy is " + state)
		}
		return report(err)
	}
	return probe.Handler(alive, ready, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := admin.stats(r.Context(), w); err != nil {
			http.Error(w, "envoy's statistics cannot be read", http.StatusServiceUnavailable)
		}
	}))
}

// report answers a probe.
func report(err error) probe.Answer {
	if err != nil {
		return probe.Answer{Unable: true, Status: "unavailable", Why: err.Error()}
	}
	return probe.Answer{Status: "ok"}
}

// state returns the state of Envoy's server: LIVE, PRE_INITIALIZING, INITIALIZING or DRAINING.
func (a *admin) state(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, usual.answer)
	defer cancel()
	answer, err := a.get(ctx, "/ready") // 503 in all states but LIVE
	if err != nil {
		return "", errors.New("envoy's admin interface does not answer")
	}
	defer answer.Body.Close() // read only: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return strings.TrimSpace(string(text)), err
}

// stats copies the statistics to w. On an error nothing has been written.
func (a *admin) stats(ctx context.Context, w http.ResponseWriter) error {
	answer, err := a.get(ctx, "/stats/prometheus")
	if err != nil {
		return err
	}
	defer answer.Body.Close() // read only: nothing can be lost
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("/stats/prometheus: %s", answer.Status)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.Copy(w, io.LimitReader(answer.Body, maxStats)) // what is cut short fails at the scraper, which says so
	return nil
}

func (a *admin) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://envoy"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return a.client.Do(request)
}
