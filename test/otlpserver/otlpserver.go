// Package otlpserver is a collector of traces for tests: a gRPC server of the OpenTelemetry protocol that remembers the spans
// it receives. Use it wherever a test must see what is traced.
package otlpserver

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/internal/trace/otlp"
)

// A Span is a span as it was sent, with ids in hexadecimal.
type Span struct {
	Service      string // service.name
	Resource     map[string]string
	Name         string
	Kind         string // SERVER, CLIENT or INTERNAL
	Trace, ID    string
	Parent       string // "" for the first span of a trace
	Failed       bool
	Attributes   map[string]string
	Begun, Ended time.Time
	Events       int // how many
}

// A Server is a collector. It is safe for concurrent use.
type Server struct {
	Address     string // host:port
	Connections atomic.Int32
	Exports     atomic.Int32 // that arrived, answered or not
	collectorpb.UnimplementedTraceServiceServer

	server *grpc.Server
	mu     sync.Mutex
	spans  []Span
	header metadata.MD // of the last export
	hang   chan struct{}
}

// Start starts a collector on a port of 127.0.0.1, with TLS if there is a configuration. It ends with the test.
func Start(tb testing.TB, config *tls.Config) *Server {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Address: listener.Addr().String()}
	var options []grpc.ServerOption
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	s.server = grpc.NewServer(options...)
	collectorpb.RegisterTraceServiceServer(s.server, s)
	go s.server.Serve(counting{listener, &s.Connections})
	tb.Cleanup(s.Stop)
	return s
}

// Stop ends the collector.
func (s *Server) Stop() {
	s.Resume()
	s.server.Stop()
}

type counting struct {
	net.Listener
	accepted *atomic.Int32
}

func (c counting) Accept() (net.Conn, error) {
	connection, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return connection, err
}

// Hang has the collector answer nothing from now on, until Resume.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = make(chan struct{})
}

// Resume ends Hang.
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang != nil {
		close(s.hang)
		s.hang = nil
	}
}

// Export implements the OpenTelemetry protocol.
func (s *Server) Export(ctx context.Context, request *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	s.Exports.Add(1)
	s.mu.Lock()
	hang := s.hang
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header, _ = metadata.FromIncomingContext(ctx)
	for _, of := range request.GetResourceSpans() {
		resource := texts(of.GetResource().GetAttributes())
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.spans = append(s.spans, read(span, resource))
			}
		}
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

func read(span *tracepb.Span, resource map[string]string) Span {
	return Span{
		Service: resource["service.name"], Resource: resource, Name: span.GetName(), Kind: span.GetKind().String()[len("SPAN_KIND_"):],
		Trace: hex.EncodeToString(span.GetTraceId()), ID: hex.EncodeToString(span.GetSpanId()), Parent: hex.EncodeToString(span.GetParentSpanId()),
		Failed: span.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR, Attributes: texts(span.GetAttributes()),
		Begun: time.Unix(0, int64(span.GetStartTimeUnixNano())), Ended: time.Unix(0, int64(span.GetEndTimeUnixNano())), Events: len(span.GetEvents()),
	}
}

func texts(attributes []*commonpb.KeyValue) map[string]string {
	all := map[string]string{}
	for _, attribute := range attributes {
		switch value := attribute.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			all[attribute.GetKey()] = value.StringValue
		case *commonpb.AnyValue_IntValue:
			all[attribute.GetKey()] = strconv.FormatInt(value.IntValue, 10)
		case *commonpb.AnyValue_BoolValue:
			all[attribute.GetKey()] = strconv.FormatBool(value.BoolValue)
		default:
			all[attribute.GetKey()] = attribute.GetValue().String()
		}
	}
	return all
}

// Spans returns the spans that were received, in the order of their beginning.
func (s *Server) Spans() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := slices.Clone(s.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Begun.Compare(b.Begun) })
	return spans
}

// Header returns a header of the last export.
func (s *Server) Header(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header.Get(name)
}

// Forget forgets the spans.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = nil
}

// Tracer returns a Tracer that sends its spans to the collector, and a function that returns all that were sent. It can be
// called once.
func (s *Server) Tracer(tb testing.TB) (*trace.Tracer, func() []Span) {
	tb.Helper()
	to, err := trace.ReadCollector("http://"+s.Address, func(string) string { return "" })
	if err != nil {
		tb.Fatal(err)
	}
	sent, err := otlp.Open(tb.Context(), to, otlp.Part{Name: "test", Version: "v1", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return sent.Tracer, func() []Span {
		if err := sent.Close(); err != nil {
			tb.Error(err)
		}
		return s.Spans()
	}
}

// Recorded is what a caller sends that records its trace.
func Recorded() http.Header {
	return http.Header{"Traceparent": {"00-" + ParentTrace + "-" + ParentSpan + "-01"}}
}

// The ids of Recorded.
const (
	ParentTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	ParentSpan  = "00f067aa0ba902b7"
)
