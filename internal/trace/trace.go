// Package trace makes the spans of a request: what the gate, the registry, Redis and other servers did for it, and how long
// each took. It carries W3C Trace Context from Envoy to them. Without a Tracer there are no spans, and what remains is a
// look at one variable for each check and each question to another server. Package otlp sends spans to a collector.
package trace

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// The kinds of a span: work inside a process, and the two ends of a call between processes.
const (
	Internal = oteltrace.SpanKindInternal
	Server   = oteltrace.SpanKindServer
	Client   = oteltrace.SpanKindClient
)

// Kind is one of them.
type Kind = oteltrace.SpanKind

// An Attribute is a name, by OpenTelemetry's semantic conventions where they have one, and a value. It never holds a token, a
// statement, an assertion, a key, a query string or anything else that the decision log does not hold.
type Attribute = attribute.KeyValue

// Text is an attribute with a string.
func Text(name, value string) Attribute { return attribute.String(name, value) }

// Number is an attribute with a number.
func Number(name string, value int) Attribute { return attribute.Int(name, value) }

// A Tracer continues traces in one process. It begins none: that is Envoy's. A nil Tracer makes no spans. It is safe for
// concurrent use.
type Tracer struct{ from oteltrace.Tracer }

// made says that this process has a Tracer. As long as it has none no context has a span, and none is searched for one.
var made atomic.Bool

// New returns a Tracer that makes spans with another one.
func New(from oteltrace.Tracer) *Tracer {
	made.Store(true)
	return &Tracer{from}
}

// Serve begins the span of a call whose header names the caller's span (W3C Trace Context, section 3.2). The span is nil if it
// names none, and is not recorded if the caller's is not. The name's words are joined by spaces.
func (t *Tracer) Serve(ctx context.Context, header http.Header, name ...string) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	continued := propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header))
	if !oteltrace.SpanContextFromContext(continued).IsValid() {
		return ctx, nil
	}
	return t.start(continued, Server, name)
}

// HTTP returns a handler that serves each request in a span. Whoever answers completes it with Answered.
func (t *Tracer) HTTP(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := t.Serve(r.Context(), r.Header, "HTTP")
		if span == nil {
			next.ServeHTTP(w, r)
			return
		}
		span.http = true
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type spanKey struct{}

// start begins a span and puts it into the context.
func (t *Tracer) start(ctx context.Context, kind Kind, name []string) (context.Context, *Span) {
	ctx, begun := t.from.Start(ctx, strings.Join(name, " "), oteltrace.WithSpanKind(kind))
	span := &Span{of: begun, by: t}
	return context.WithValue(ctx, spanKey{}, span), span
}

// A Span is what one part did for a request. The methods of a nil Span do nothing.
type Span struct {
	of   oteltrace.Span
	by   *Tracer
	http bool // of an HTTP request that this process serves
}

// Of returns the span of a context; nil if there is none.
func Of(ctx context.Context) *Span {
	if !made.Load() {
		return nil
	}
	span, _ := ctx.Value(spanKey{}).(*Span)
	return span
}

// Child begins a span of a part of what the context's span does. The span is nil if that one is not recorded.
func Child(ctx context.Context, kind Kind, name ...string) (context.Context, *Span) {
	parent := Of(ctx)
	if parent == nil || !parent.of.IsRecording() {
		return ctx, nil
	}
	return parent.by.start(ctx, kind, name)
}

// Name renames the span, once more is known than when it began.
func (s *Span) Name(words ...string) {
	if s != nil {
		s.of.SetName(strings.Join(words, " "))
	}
}

// Answered completes the span of an HTTP request. It leaves others as they are. Method and route are those of the facts or of
// the routes; the method of a request that nobody has checked is not named, since it may be anything.
func (s *Span) Answered(method, route string, status int) {
	if s == nil || !s.http {
		return
	}
	s.Set(Number("http.response.status_code", status))
	if method != "" {
		s.Name(method, route)
		s.Set(Text("http.request.method", method))
	}
}

// Set adds attributes. To spare their making, callers look whether the span is nil.
func (s *Span) Set(attributes ...Attribute) {
	if s != nil {
		s.of.SetAttributes(attributes...)
	}
}

// Fail marks what the span stands for as failed. The kind is a word of a bounded set: error.type.
func (s *Span) Fail(kind string) {
	if s != nil {
		s.of.SetAttributes(Text("error.type", kind))
		s.of.SetStatus(codes.Error, "")
	}
}

// End ends the span.
func (s *Span) End() {
	if s != nil {
		s.of.End()
	}
}

// ids returns the ids of the trace and the span, in lower-case hexadecimal.
func (s *Span) ids() (trace, span string) {
	context := s.of.SpanContext()
	return context.TraceID().String(), context.SpanID().String()
}
