package extauthz

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// The upper bounds of buckets, in seconds. A check takes 5 microseconds to some milliseconds unless it waits for a directory,
// a decision 0.1 ms to a second; the longest budget is 2.5 seconds.
var (
	checkBuckets    = []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 2.5}
	decisionBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
)

// metrics are those of a gate's decisions.
type metrics struct {
	running   prometheus.Gauge
	decisions *prometheus.CounterVec
	took      *prometheus.HistogramVec
	checks    map[string]prometheus.Observer // by name
	applied   *prometheus.CounterVec
	doubts    map[doubt]prometheus.Counter
	nowhere   *counted // requests of no route
}

func newMetrics(set *metric.Set) *metrics {
	m := &metrics{
		running: set.Gauge("dcr_gate_decisions_in_flight", "Decisions that the gate is making.").WithLabelValues(),
		decisions: set.Counter("dcr_gate_decisions_total", "Decisions by route, outcome (allowed, refused, failed) and the rule that refused or failed. "+
			"A request of no route has route=\"\".", "route", "outcome", "rule"),
		took: set.Histogram("dcr_gate_decision_duration_seconds", "Time of a decision, by route.", decisionBuckets, "route"),
		applied: set.Counter("dcr_gate_registrations_total", "Requests to register or update a client, by what the gate decided. "+
			"The directory is \"\" until it has verified the software statement.", "operation", "profile", "directory", "outcome", "rule"),
		checks: map[string]prometheus.Observer{}, doubts: map[doubt]prometheus.Counter{},
	}
	checks := set.Histogram("dcr_gate_check_duration_seconds", "Time of a check of a route, by check.", checkBuckets, "check")
	for _, check := range routes.Checks {
		m.checks[check.Name] = checks.WithLabelValues(check.Name)
	}
	doubts := set.Counter("dcr_gate_doubts_total", "Requests refused because of a certificate, key or signature, by check and kind. "+
		"bearer and clientauth refuse most kinds with one rule, which does not say why.", "check", "kind")
	for _, check := range []string{routes.CheckBearer, routes.CheckClientAuth, routes.CheckStatement} {
		for _, kind := range trust.Kinds() {
			m.doubts[doubt{check, kind}] = doubts.WithLabelValues(check, strings.ReplaceAll(string(kind), " ", "_"))
		}
	}
	m.nowhere = &counted{metrics: m}
	return m
}

// doubt is why a check has refused a certificate, key or signature.
type doubt struct {
	check string
	kind  trust.Kind
}

// countDoubt counts a decision whose last check has met a doubt.
func (m *metrics) countDoubt(line *decision.Line) {
	met, is := errors.AsType[*trust.Doubt](line.Cause)
	if !is || len(line.Chain) == 0 {
		return
	}
	if counter := m.doubts[doubt{line.Chain[len(line.Chain)-1].Check, met.Kind}]; counter != nil {
		counter.Inc()
	}
}

// counted are the metrics of one route, ready for use. They are made with its first request: of ten thousand routes few are
// used.
type counted struct {
	metrics *metrics
	route   string
	once    sync.Once
	allowed prometheus.Counter
	took    prometheus.Observer
}

// forget removes the metrics of a route that no version has any more.
func (c *counted) forget() {
	labels := prometheus.Labels{"route": c.route}
	c.metrics.decisions.DeletePartialMatch(labels)
	c.metrics.took.DeletePartialMatch(labels)
}

// count counts a decision.
func (c *counted) count(line *decision.Line) {
	c.once.Do(func() {
		c.took = c.metrics.took.WithLabelValues(c.route)
		if c.route != "" { // a request of no route is never allowed
			c.allowed = c.metrics.decisions.WithLabelValues(c.route, decision.Allowed, "")
		}
	})
	if line.Outcome == decision.Allowed {
		c.allowed.Inc()
	} else {
		c.metrics.decisions.WithLabelValues(c.route, line.Outcome, line.Rule).Inc()
		c.metrics.countDoubt(line)
	}
	c.took.Observe(line.Took.Seconds())
	for _, step := range line.Chain {
		if check := c.metrics.checks[step.Check]; check != nil {
			check.Observe(step.Took.Seconds())
		}
	}
}

// operations are the requests to register or update a client, by method.
var operations = map[string]string{http.MethodPost: "register", http.MethodPut: "update"}

// countRegistration counts a decision about a request to register or update a client.
func (m *metrics) countRegistration(r *filter.Request, line *decision.Line) {
	if r.Route == nil || r.Route.Endpoint != routes.EndpointRegistration || operations[r.Method] == "" {
		return
	}
	m.applied.WithLabelValues(operations[r.Method], r.Route.Route.Profile, r.Stated.GetDirectory(), line.Outcome, line.Rule).Inc()
}

// inUse are the policies that a gate decides by, and the metrics of their routes. It is never changed.
type inUse struct {
	policies map[string]*Policy  // by version
	routes   map[string]*counted // by name
}

// after returns what the gate uses after before. A route keeps its metrics from one version to the next.
func (m *metrics) after(before *inUse, policies []*Policy) *inUse {
	next := &inUse{policies: make(map[string]*Policy, len(policies)), routes: map[string]*counted{}}
	for _, policy := range policies {
		next.policies[policy.version] = policy
		for name := range policy.routes {
			if next.routes[name] != nil {
				continue
			}
			kept := before.routes[name]
			if kept == nil {
				kept = &counted{metrics: m, route: strings.Clone(name)} // a substring would keep the text of a version in memory
			}
			next.routes[kept.route] = kept
		}
	}
	return next
}

// has reports whether these are the policies in use.
func (u *inUse) has(policies []*Policy) bool {
	for _, policy := range policies {
		if u.policies[policy.version] != policy {
			return false
		}
	}
	return len(policies) == len(u.policies)
}

// of returns the metrics of the route with this name.
func (u *inUse) of(m *metrics, route string) *counted {
	if c := u.routes[route]; c != nil {
		return c
	}
	return m.nowhere
}

// panicked counts a decision that a panic has ended.
func (m *metrics) panicked(took time.Duration) {
	m.nowhere.count(&decision.Line{Outcome: decision.Failed, Rule: "panic", Took: took})
}
