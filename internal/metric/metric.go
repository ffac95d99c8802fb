// Package metric makes the metrics of a process and serves them to Prometheus. Whatever measures something makes its
// metrics from the Set that it is given, so that a metric is declared once, where it is measured: the declaration registers
// it and puts it on the page docs/metrics.md. Do not use Prometheus' default registry.
//
// A name begins with dcr_, has base units, and ends in _total if it counts. The values of a label are a small set that the
// configuration or the code bounds: never a client, a software product, an organisation, a path or a URL.
package metric

import (
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Definition is a metric as the page shows it.
type Definition struct {
	Name, Type, Help string
	Labels           []string
}

// A Set is the metrics of one process. The methods of a nil Set return metrics that nobody reads, for tools and tests.
// Declaring a name twice panics.
type Set struct {
	registry    *prometheus.Registry
	definitions []Definition
	caches      caches
	expiries    expiries
}

// New returns a set with what every part has: the metrics of the Go runtime and of the process, its build, its clock, caches
// and expiry times.
func New(part, version string) *Set {
	s := &Set{registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.Gauge("dcr_build_info", "1; the labels are the build of this part: gate or registry.", "part", "version", "revision", "goversion").
		WithLabelValues(part, version, revision(), runtime.Version()).Set(1)
	Read(s, time.Now, Value("dcr_clock_timestamp_seconds", "The clock of this part when it was scraped.", func(now time.Time) float64 {
		return float64(now.UnixMilli()) / 1000
	}))
	s.declareCaches()
	s.declareExpiries()
	return s
}

// revision is the commit that the program was built from, or "".
func revision() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

// Definitions returns the metrics in the order of their declarations, without those of the Go runtime and of the process.
func (s *Set) Definitions() []Definition {
	if s == nil {
		return nil
	}
	return s.definitions
}

// Handler serves the metrics. A metric that cannot be read is logged, and the others are served.
func (s *Set) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
	})
}

// Counter declares a counter. Its name ends in _total.
func (s *Set) Counter(name, help string, labels ...string) *prometheus.CounterVec {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.declare(Definition{name, "counter", help, labels}, vector)
	return vector
}

// Gauge declares a gauge that is set where its value changes. Read declares one that a state has.
func (s *Set) Gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	s.declare(Definition{name, "gauge", help, labels}, vector)
	return vector
}

// Histogram declares a histogram with these upper bounds of buckets.
func (s *Set) Histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	s.declare(Definition{name, "histogram", help, labels}, vector)
	return vector
}

func (s *Set) declare(definition Definition, collector prometheus.Collector) {
	if s == nil {
		return
	}
	s.definitions = append(s.definitions, definition)
	s.registry.MustRegister(collector)
}

// typeOf is the type that a name says.
func typeOf(name string) string {
	if strings.HasSuffix(name, "_total") {
		return "counter"
	}
	return "gauge"
}
