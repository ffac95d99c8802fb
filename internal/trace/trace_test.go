package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

func TestSpans(t *testing.T) {
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	ctx, span := tracer.Serve(t.Context(), otlpserver.Recorded(), "serve")
	_, child := trace.Child(ctx, trace.Client, "GET", "x")
	child.Set(trace.Text("a", "b"), trace.Number("n", 7))
	child.Fail("timeout")
	child.End()
	span.Answered("GET", "x", 200) // not of HTTP
	span.End()

	spans := sent()
	if len(spans) != 2 {
		t.Fatalf("got %+v", spans)
	}
	first, second := spans[0], spans[1]
	if first.Trace != otlpserver.ParentTrace || first.Parent != otlpserver.ParentSpan || first.Name != "serve" || first.Kind != "SERVER" || first.Failed ||
		len(first.Attributes) != 0 || first.Service != "dcr-gateway-test" || first.Resource["service.version"] != "v1" {
		t.Errorf("got %+v", first)
	}
	want := map[string]string{"a": "b", "n": "7", "error.type": "timeout"}
	if second.Trace != first.Trace || second.Parent != first.ID || second.Name != "GET x" || second.Kind != "CLIENT" || !second.Failed ||
		!reflect.DeepEqual(second.Attributes, want) {
		t.Errorf("got %+v", second)
	}
}

func TestWithoutASpan(t *testing.T) {
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	for name, header := range map[string]http.Header{
		"no parent": {}, "not a parent": {"Traceparent": {"00-0-0-01"}}, "two parents": {"Traceparent": {"a", "b"}},
	} {
		if ctx, span := tracer.Serve(t.Context(), header, "serve"); span != nil || trace.Of(ctx) != nil {
			t.Errorf("%s: a trace begins", name)
		}
	}
	unrecorded := otlpserver.Recorded()
	unrecorded["Traceparent"][0] = unrecorded["Traceparent"][0][:53] + "00"
	ctx, span := tracer.Serve(t.Context(), unrecorded, "serve")
	if _, child := trace.Child(ctx, trace.Internal, "child"); span == nil || child != nil {
		t.Errorf("not recorded: span %v, child %v", span, child)
	}
	span.End()
	if spans := sent(); len(spans) != 0 {
		t.Errorf("sent %+v", spans)
	}
}

// TestOffCostsNothing: what remains of tracing where there is no Tracer allocates nothing.
func TestOffCostsNothing(t *testing.T) {
	var none *trace.Tracer
	handler := http.NewServeMux()
	if none.HTTP(handler) != http.Handler(handler) {
		t.Error("a handler is wrapped")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	header := otlpserver.Recorded()
	if n := testing.AllocsPerRun(1000, func() {
		ctx, span := none.Serve(ctx, header, "serve")
		ctx, child := trace.Child(ctx, trace.Client, "check", "certificate")
		child.Name("a")
		child.Fail("b")
		child.End()
		span.End()
		_ = trace.Of(ctx)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHTTP(t *testing.T) {
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	handler := tracer.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/known" {
			trace.Of(r.Context()).Answered("POST", "register", 201)
		}
	}))
	for _, path := range []string{"/known", "/unknown"} {
		request := httptest.NewRequest("ANYTHING", path, nil)
		handler.ServeHTTP(httptest.NewRecorder(), request) // from a caller without a trace
		request.Header = otlpserver.Recorded()
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	spans := sent()
	if len(spans) != 2 {
		t.Fatalf("got %+v", spans)
	}
	want := map[string]string{"http.request.method": "POST", "http.response.status_code": "201"}
	if spans[0].Name != "POST register" || !reflect.DeepEqual(spans[0].Attributes, want) || spans[1].Name != "HTTP" || len(spans[1].Attributes) != 0 {
		t.Errorf("got %+v", spans)
	}
}

func TestLogged(t *testing.T) {
	tracer, sent := otlpserver.Start(t, nil).Tracer(t)
	var text bytes.Buffer
	log := trace.Logged(slog.New(slog.NewJSONHandler(&text, nil))).With("part", "gate").WithGroup("g")
	lines := func(ctx context.Context) map[string]any {
		text.Reset()
		log.InfoContext(ctx, "x", "a", "b")
		log.DebugContext(ctx, "not this")
		var line map[string]any
		if err := json.Unmarshal(text.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	}
	group := lines(t.Context())["g"].(map[string]any)
	if len(group) != 1 {
		t.Errorf("without a span: %v", group)
	}
	ctx, span := tracer.Serve(t.Context(), otlpserver.Recorded(), "serve")
	line := lines(ctx)
	span.End()
	group = line["g"].(map[string]any)
	if line["part"] != "gate" || group["a"] != "b" || group["trace_id"] != otlpserver.ParentTrace || group["span_id"] != sent()[0].ID {
		t.Errorf("got %v", line)
	}
}
