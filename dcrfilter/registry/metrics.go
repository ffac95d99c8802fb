package registry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Outcomes of a request that succeeded, in addition to decision.Done.
const (
	outcomeUnchanged = "unchanged" // the client was there already, or the token was not valid
	outcomeDryRun    = "dry_run"
)

// requestBuckets are upper bounds in seconds: a request takes 0.5 ms to some milliseconds, and its budget is 4 seconds.
var requestBuckets = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// metrics are those of a registry's requests.
type metrics struct {
	running  prometheus.Gauge
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newMetrics(set *metric.Set) metrics {
	return metrics{
		running: set.Gauge("dcr_registry_requests_in_flight", "Requests that the registry is answering.").WithLabelValues(),
		requests: set.Counter("dcr_registry_requests_total", "Requests by operation, the client's profile and directory, outcome, and the rule that refused or failed. "+
			"The operations are register, read, update, delete, token, revoke, introspect, jwks, discovery, facts_keys and errors. The outcomes are "+
			"done, unchanged (the client was there already, or the token was not valid), dry_run, refused and failed. "+
			"What is not known is \"\": the client's profile is not, when it revokes.", "operation", "profile", "directory", "outcome", "rule"),
		took: set.Histogram("dcr_registry_request_duration_seconds", "Time of a request, by operation.", requestBuckets, "operation"),
	}
}

func (m *metrics) count(l *line, logged *decision.Line) {
	outcome := logged.Outcome
	if outcome == decision.Done && l.outcome != "" {
		outcome = l.outcome
	}
	m.requests.WithLabelValues(l.operation, l.profile, l.directory, outcome, logged.Rule).Inc()
	m.took.WithLabelValues(l.operation).Observe(logged.Took.Seconds())
}

// of notes whose client a request is about, for the metrics. The profile and the directory of a client are names of the
// configuration, whose number is bounded.
func (e *edition) of(l *line, profile string, software *dcrpb.Software) {
	if e.version.Profiles[profile] != nil {
		l.profile = profile
	}
	if name := software.GetDirectory(); e.version.Directory(name) != nil {
		l.directory = name
	}
}

// measure declares the metrics of the registry's versions.
func (g *Registry) measure(set *metric.Set) {
	metric.Read(set, g.Status,
		metric.Value("dcr_registry_healthy", "1 while Redis serves, and the registry can serve every version that a gate asked for.",
			func(s Status) float64 { return metric.Bool(s.Healthy) }),
		metric.Values("dcr_registry_versions", "Versions of the configuration in memory, by state: served, or failed because the version or its secrets cannot be read.", versions, "state"),
		metric.Value("dcr_registry_orphaned_requests_total", "Requests that failed because the configuration lacks the client's profile or directory.",
			func(s Status) float64 { return float64(s.Orphans.Requests) }),
	)
}

func versions(s Status, emit metric.Emit) {
	failed := 0
	for _, version := range s.Versions {
		if version.Fault != "" {
			failed++
		}
	}
	emit(float64(len(s.Versions)-failed), "served")
	emit(float64(failed), "failed")
}
