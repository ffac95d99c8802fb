package envoy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/metadata"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

// foreign is what a client sends that would choose the trace, have it recorded, or have its own words in it.
var foreign = []string{
	"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate: stranger=1", "Baggage: stranger=1", "X-Client-Trace-Id: stranger",
	"B3: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", "X-B3-Traceid: 0af7651916cd43dd8448eb211c80319c", "X-Envoy-Force-Trace: true",
	"User-Agent: stranger",
}

const strangers = "0af7651916cd43dd8448eb211c80319c"

// A traced gate remembers the traceparent of its last question.
type tracedGate struct {
	mu     sync.Mutex
	parent string
}

func (g *tracedGate) check(ctx context.Context, request *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.parent = strings.Join(metadata.ValueFromIncomingContext(ctx, "traceparent"), ",")
	return allow(ctx, request)
}

func (g *tracedGate) last() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.parent
}

// collect reads a collector's settings as a gate does.
func collect(t *testing.T, url string, environment map[string]string) *trace.Collector {
	t.Helper()
	c, err := trace.ReadCollector(url, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// spans waits for the spans of a trace.
func spans(t *testing.T, from *otlpserver.Server, of string, want int) (found []otlpserver.Span) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		found = slices.DeleteFunc(from.Spans(), func(s otlpserver.Span) bool { return s.Trace != of })
		if len(found) >= want {
			return found
		}
	}
	t.Fatalf("%d spans of trace %s, want %d: %+v", len(found), of, want, from.Spans())
	return nil
}

func traceOf(t *testing.T, parent string) (trace, span, flags string) {
	t.Helper()
	parts := strings.Split(parent, "-")
	if len(parts) != 4 || parts[0] != "00" || len(parts[1]) != 32 {
		t.Fatalf("traceparent is %q", parent)
	}
	return parts[1], parts[2], parts[3]
}

// TestTraces has a real Envoy send its spans to a collector over mutual TLS, all of it configured over xDS.
func TestTraces(t *testing.T) {
	t.Parallel()
	e, g := newEdge(t), new(tracedGate)
	ca := newAuthority(t)
	writeFile(t, filepath.Join(e.dir, "ca.pem"), ca.PEM())
	ca.issue(t, "gateway", x509.ExtKeyUsageClientAuth, "gateway.test").Write(t, filepath.Join(e.dir, "ours"))
	mutual := ca.mutual(t)
	mutual.Certificates = []tls.Certificate{ca.issue(t, "collector", x509.ExtKeyUsageServerAuth).TLS()}
	collector := otlpserver.Start(t, mutual)
	e.traces = collect(t, "https://"+collector.Address, map[string]string{
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        filepath.Join(e.dir, "ca.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": filepath.Join(e.dir, "ours.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_KEY":         filepath.Join(e.dir, "ours.key"),
		"OTEL_EXPORTER_OTLP_HEADERS":            "x-tenant=a%20bank",
		"OTEL_RESOURCE_ATTRIBUTES":              "deployment.environment.name=test",
	})
	e.gate.answers(g.check)
	file := e.file(t, edgeRoutes)
	bootstrap, err := envoy.Bootstrap(file, e.options())
	if err != nil {
		t.Fatal(err)
	}
	startPublisher(t, filepath.Join(e.dir, "xds.sock")).publish(t, e, file)
	e.run(t, bootstrap)

	client := e.client(t, 2)
	seen := ask(t, client, http.MethodGet, e.mtls+"/keeps?secret=stranger", nil, foreign...).seen(t)
	id, upstream, flags := traceOf(t, seen.Header.Get("Traceparent"))
	if id == strangers || flags != "01" {
		t.Errorf("the upstream's trace is %s, recorded %s", id, flags)
	}
	for _, line := range foreign {
		name, value, _ := strings.Cut(line, ": ")
		if have := seen.Header.Values(name); name != "User-Agent" && slices.Contains(have, value) {
			t.Errorf("the upstream sees the client's %s: %q", name, have)
		}
	}
	asked, question, _ := traceOf(t, g.last())
	if asked != id {
		t.Errorf("the gate's trace is %s, the upstream's %s", asked, id)
	}
	found := spans(t, collector, id, 3)
	root := found[0]
	if root.Parent != "" || root.Kind != "SERVER" || root.Name != "GET keeps" || root.Service != "dcr-gateway-envoy" || root.Attributes["dcr.decision"] != "d-1" ||
		root.Resource["deployment.environment.name"] != "test" {
		t.Errorf("the first span is %+v", root)
	}
	for _, child := range found[1:] {
		if child.Parent != root.ID || child.Kind != "CLIENT" || child.ID != question && child.ID != upstream {
			t.Errorf("not the question to the gate %s nor the call of the upstream %s: %+v", question, upstream, child)
		}
	}
	for _, span := range found {
		for name, value := range span.Attributes {
			if strings.Contains(value, "stranger") || strings.Contains(value, "/keeps") {
				t.Errorf("%s has %s: %q", span.Name, name, value)
			}
		}
	}
	if have := collector.Header("x-tenant"); len(have) != 1 || have[0] != "a bank" {
		t.Errorf("x-tenant is %q", have)
	}
	if have := e.logged(t, trace.TraceID); have != id {
		t.Errorf("the access log has trace %q, want %s", have, id)
	}
	ask(t, client, http.MethodGet, e.mtls+"/healthz", nil)
	ask(t, client, http.MethodGet, e.mtls+"/keeps", nil)
	last, _, _ := traceOf(t, g.last())
	spans(t, collector, last, 3)
	for _, span := range collector.Spans() {
		if span.Trace != id && span.Trace != last {
			t.Errorf("a health check is traced: %+v", span)
		}
	}
}

// logged waits for the access log's first line, and returns a member of it.
func (e *edge) logged(t *testing.T, member string) string {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(e.log)
		first, _, whole := strings.Cut(string(text), "\n")
		if !whole {
			continue
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(first), &line); err != nil {
			t.Fatal(err)
		}
		value, _ := line[member].(string)
		return value
	}
	t.Fatal("the access log stays empty")
	return ""
}

// TestNotRecorded: a request that Envoy does not record is not recorded by anybody, whatever the client wants; its id is in
// the log all the same.
func TestNotRecorded(t *testing.T) {
	t.Parallel()
	e, g := newEdge(t), new(tracedGate)
	collector := otlpserver.Start(t, nil)
	e.traces = collect(t, "http://"+collector.Address, map[string]string{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"})
	e.gate.answers(g.check)
	e.render(t, e.file(t, edgeRoutes))
	seen := ask(t, e.client(t, 1), http.MethodGet, e.mtls+"/keeps", nil, foreign...).seen(t)
	id, _, flags := traceOf(t, seen.Header.Get("Traceparent"))
	asked, _, asksFor := traceOf(t, g.last())
	if id == strangers || asked != id || flags != "00" || asksFor != "00" {
		t.Errorf("the upstream has trace %s, recorded %s; the gate %s, recorded %s", id, flags, asked, asksFor)
	}
	if have := e.logged(t, trace.TraceID); have != id {
		t.Errorf("the access log has trace %q, want %s", have, id)
	}
	if n := collector.Connections.Load(); n != 0 {
		t.Errorf("%d connections to the collector", n)
	}
}

// TestUntraced: without a collector the upstream receives what the client sent and nothing more, and there is no id.
func TestUntraced(t *testing.T) {
	t.Parallel()
	e, g := newEdge(t), new(tracedGate)
	e.gate.answers(g.check)
	e.render(t, e.file(t, edgeRoutes))
	client := e.client(t, 1)
	if seen := ask(t, client, http.MethodGet, e.mtls+"/keeps", nil).seen(t); seen.Header.Get("Traceparent") != "" || g.last() != "" {
		t.Errorf("traceparent: the upstream's is %q, the gate's %q", seen.Header.Get("Traceparent"), g.last())
	}
	seen := ask(t, client, http.MethodGet, e.mtls+"/keeps", nil, foreign...).seen(t)
	if want := strings.TrimPrefix(foreign[0], "Traceparent: "); seen.Header.Get("Traceparent") != want || g.last() != "" {
		t.Errorf("traceparent: the upstream's is %q, the gate's %q", seen.Header.Get("Traceparent"), g.last())
	}
	if have := e.logged(t, trace.TraceID); have != "" {
		t.Errorf("the access log has trace %q", have)
	}
}

// TestDeadCollector: a collector that is not there, or answers nothing, is nobody's problem.
func TestDeadCollector(t *testing.T) {
	t.Parallel()
	for _, dead := range []struct {
		name string
		kill func(*otlpserver.Server)
	}{{"away", (*otlpserver.Server).Stop}, {"hanging", (*otlpserver.Server).Hang}} {
		t.Run(dead.name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			collector := otlpserver.Start(t, nil)
			dead.kill(collector)
			e.traces = collect(t, "http://"+collector.Address, nil)
			e.gate.answers(allow)
			e.render(t, e.file(t, edgeRoutes))
			client := e.client(t, 2)
			for range 2000 { // more spans than Envoy keeps
				ask(t, client, http.MethodGet, e.mtls+"/keeps", nil).seen(t)
			}
		})
	}
}
