// Package otlp sends the spans of a process to a collector, as OTLP over gRPC. It never keeps a request waiting: spans wait in
// a bounded queue, and what does not fit or cannot be sent is dropped.
package otlp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// flushTime is how long a process that ends may take to send the spans that it still has.
const flushTime = 2 * time.Second

// scope is the instrumentation scope of our spans.
const scope = "github.com/dcr-gateway/dcr-gateway"

// Spans are those of one process on their way to the collector. The methods of nil Spans do nothing.
type Spans struct {
	*trace.Tracer
	provider *sdktrace.TracerProvider
}

// A Part is a process whose spans are sent: the gate or the registry.
type Part struct {
	Name    string
	Version string // of the program
	Log     *slog.Logger
	Metrics *metric.Set // nil if nobody reads them
}

// Open begins to send the spans of a part. It does not connect: a collector may come and go at any time. It returns nil for a
// nil collector, and an error if the files that the collector names are not usable.
func Open(ctx context.Context, to *trace.Collector, of Part) (*Spans, error) {
	reported := newReporter(of)
	if to == nil {
		return nil, nil
	}
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpoint(to.Address()), otlptracegrpc.WithHeaders(to.Headers),
		otlptracegrpc.WithDialOption(grpc.WithNoProxy()), // Envoy has none either: where spans go is one place
	}
	if to.TLS {
		config, err := tlsOf(to)
		if err != nil {
			return nil, err
		}
		options = append(options, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(config)))
	} else {
		options = append(options, otlptracegrpc.WithInsecure())
	}
	exporter, err := otlptracegrpc.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	who, err := describe(ctx, to, of)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	reported.next, reported.to = exporter, to.Address()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { reported.warn(context.WithoutCancel(ctx), err, 0) }))
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(reported),
		sdktrace.WithResource(who),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())), // Envoy begins traces
	)
	tracer := provider.Tracer(scope, oteltrace.WithInstrumentationVersion(of.Version), oteltrace.WithSchemaURL(semconv.SchemaURL))
	return &Spans{trace.New(tracer), provider}, nil
}

// From returns the Tracer, nil for nil Spans.
func (s *Spans) From() *trace.Tracer {
	if s == nil {
		return nil
	}
	return s.Tracer
}

// Close sends what is left, for two seconds at most.
func (s *Spans) Close() error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := s.provider.Shutdown(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("traces: %w", err)
	}
	return nil // a collector that is away does not make the end of a process a failure
}

// describe says whose spans they are. What the environment says has precedence.
func describe(ctx context.Context, to *trace.Collector, of Part) (*resource.Resource, error) {
	who, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(semconv.ServiceNamespace("dcr-gateway"), semconv.ServiceVersion(of.Version), semconv.ServiceInstanceID(uuid.NewString())),
		resource.WithFromEnv(),
		resource.WithAttributes(semconv.ServiceName(to.Service(of.Name))),
	)
	if errors.Is(err, resource.ErrPartialResource) || errors.Is(err, resource.ErrSchemaURLConflict) {
		err = nil
	}
	return who, err
}

// tlsOf reads the CAs now, and the client certificate at each handshake, so that a renewed one needs no restart.
func tlsOf(to *trace.Collector) (*tls.Config, error) {
	text, err := pemfile.Read(to.CA)
	if err != nil {
		return nil, fmt.Errorf("the CA of the collector of traces: %s %w", to.CA, err)
	}
	authorities, err := pemfile.Certificates(text)
	if err != nil {
		return nil, fmt.Errorf("the CA of the collector of traces: %s %w", to.CA, err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool(), ServerName: to.Host}
	for _, authority := range authorities {
		config.RootCAs.AddCert(authority)
	}
	if to.Certificate == "" {
		return config, nil
	}
	own := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(to.Certificate, to.Key)
		if err != nil {
			return nil, fmt.Errorf("the certificate for the collector of traces: %w", err)
		}
		return &pair, nil
	}
	if _, err := own(); err != nil {
		return nil, err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own() }
	return config, nil
}
