package otlp

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// quiet is the least time between two log lines about a collector that does not take spans.
const quiet = time.Minute

// A reporter passes spans to an exporter, and says in the log when that fails, and when it works again.
type reporter struct {
	next sdktrace.SpanExporter
	log  *slog.Logger
	to   string

	sent, failed prometheus.Counter

	mu   sync.Mutex
	said time.Time // when a failure was logged last; zero while the collector takes spans
	lost int       // spans, since then
}

func newReporter(of Part) *reporter {
	spans := of.Metrics.Counter("dcr_trace_spans_total", "Spans by outcome: sent, or lost because the collector did not take them. Always 0 where nothing is traced.", "outcome")
	return &reporter{log: of.Log, sent: spans.WithLabelValues("sent"), failed: spans.WithLabelValues("lost")}
}

// ExportSpans implements sdktrace.SpanExporter. It returns no error, which the SDK would log in its own way.
func (r *reporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := r.next.ExportSpans(ctx, spans); err != nil {
		r.failed.Add(float64(len(spans)))
		r.warn(ctx, err, len(spans))
		return nil
	}
	r.sent.Add(float64(len(spans)))
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.said.IsZero() {
		r.log.InfoContext(ctx, "the collector takes spans again", "collector", r.to, "lost", r.lost)
	}
	r.said, r.lost = time.Time{}, 0
	return nil
}

// warn logs a failure, once a minute.
func (r *reporter) warn(ctx context.Context, cause error, lost int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += lost
	if now := time.Now(); now.Sub(r.said) >= quiet {
		r.said = now
		r.log.WarnContext(ctx, "the collector does not take spans; they are dropped", "collector", r.to, "lost", r.lost, "cause", cause.Error())
	}
}

// Shutdown implements sdktrace.SpanExporter.
func (r *reporter) Shutdown(ctx context.Context) error { return r.next.Shutdown(ctx) }
