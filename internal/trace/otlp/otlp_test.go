package otlp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/internal/trace/otlp"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

func open(t *testing.T, url string, log *testkit.Log, metrics *metric.Set, environment map[string]string) (*otlp.Spans, error) {
	t.Helper()
	to, err := trace.ReadCollector(url, func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	return otlp.Open(t.Context(), to, otlp.Part{Name: "gate", Version: "v1", Log: slog.New(slog.NewJSONHandler(log, nil)), Metrics: metrics})
}

func record(spans *otlp.Spans, count int) {
	for range count {
		_, span := spans.Serve(context.Background(), otlpserver.Recorded(), "serve")
		span.End()
	}
}

// eventually waits for a condition, far longer than it should take.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}

func TestNone(t *testing.T) {
	spans, err := otlp.Open(t.Context(), nil, otlp.Part{})
	if spans != nil || err != nil || spans.From() != nil || spans.Close() != nil {
		t.Errorf("got %v, %v", spans, err)
	}
}

func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	ca := testkit.Certify(t, nil, testkit.CA("Test CA"), nil)
	issue := func(usage x509.ExtKeyUsage) *testkit.Pair {
		return testkit.Certify(t, ca, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, nil)
	}
	collector := otlpserver.Start(t, &tls.Config{
		Certificates: []tls.Certificate{issue(x509.ExtKeyUsageServerAuth).TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
	})
	ca.Write(t, filepath.Join(dir, "ca"))
	issue(x509.ExtKeyUsageClientAuth).Write(t, filepath.Join(dir, "own"))
	files := map[string]string{
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        filepath.Join(dir, "ca.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": filepath.Join(dir, "own.pem"),
		"OTEL_EXPORTER_OTLP_CLIENT_KEY":         filepath.Join(dir, "own.key"),
		"OTEL_EXPORTER_OTLP_HEADERS":            "x-tenant=bank",
	}
	spans, err := open(t, "https://"+collector.Address, new(testkit.Log), nil, files)
	if err != nil {
		t.Fatal(err)
	}
	record(spans, 3)
	if err := spans.Close(); err != nil || len(collector.Spans()) != 3 || len(collector.Header("x-tenant")) != 1 {
		t.Errorf("%v; %d spans, header %v", err, len(collector.Spans()), collector.Header("x-tenant"))
	}
	for _, wrong := range []string{"OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"} {
		changed := map[string]string{wrong: filepath.Join(dir, "own.key")}
		for name, value := range files {
			if name != wrong {
				changed[name] = value
			}
		}
		if spans, err := open(t, "https://"+collector.Address, new(testkit.Log), nil, changed); err == nil || spans != nil || !strings.Contains(err.Error(), "collector of traces") {
			t.Errorf("%s is a key: got %v, %v", wrong, spans, err)
		}
	}
}

// TestAway: spans that cannot be sent are dropped, with one line in the log; spans arrive again as soon as the collector does.
func TestAway(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	collector := otlpserver.Start(t, nil)
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")
	collector.Hang()
	log, metrics := new(testkit.Log), metric.New("gate", "v1")
	spans, err := open(t, "http://"+collector.Address, log, metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spans.Close()
	const line = "the collector does not take spans"
	eventually(t, "several exports", func() bool { record(spans, 1); return collector.Exports.Load() > 2 })
	eventually(t, "a log line", func() bool { return strings.Contains(log.String(), line) })
	collector.Resume()
	eventually(t, "spans again", func() bool { record(spans, 1); return len(collector.Spans()) > 0 })
	eventually(t, "the line about it", func() bool { return strings.Contains(log.String(), "takes spans again") })
	if n := strings.Count(log.String(), line); n != 1 {
		t.Errorf("%d lines: %s", n, log)
	}
	scraped := testkit.Scrape(t, metrics.Handler(slog.New(slog.DiscardHandler)))
	for _, outcome := range []string{"sent", "lost"} {
		if name := `dcr_trace_spans_total{outcome="` + outcome + `"}`; scraped[name] < 1 {
			t.Errorf("%s is %v", name, scraped[name])
		}
	}
}

// TestNeverWaits: neither recording nor the end of a process waits for a collector that hangs.
func TestNeverWaits(t *testing.T) {
	collector := otlpserver.Start(t, nil)
	collector.Hang()
	spans, err := open(t, "http://"+collector.Address, new(testkit.Log), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	recorded := make(chan struct{})
	go func() { record(spans, 10_000); close(recorded) }() // many more than the queue holds
	select {
	case <-recorded:
	case <-time.After(30 * time.Second):
		t.Fatal("recording waits for the collector")
	}
	closed := make(chan error)
	go func() { closed <- spans.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the end waits for the collector")
	}
}
