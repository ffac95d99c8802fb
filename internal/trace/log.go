package trace

import (
	"context"
	"log/slog"
)

// The members of a log line that name its trace and span (OpenTelemetry, "Trace Context in non-OTLP Log Formats").
const (
	TraceID = "trace_id"
	SpanID  = "span_id"
)

// Logged returns a logger whose lines name the trace and the span of their context, whether or not the trace is recorded.
func Logged(log *slog.Logger) *slog.Logger { return slog.New(handler{log.Handler()}) }

type handler struct{ next slog.Handler }

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	if span := Of(ctx); span != nil {
		trace, id := span.ids()
		line = line.Clone()
		line.AddAttrs(slog.String(TraceID, trace), slog.String(SpanID, id))
	}
	return h.next.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return handler{h.next.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.next.WithGroup(name)} }
