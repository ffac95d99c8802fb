package extauthz

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// measured is the world's gate with metrics.
func (w *world) measured() (*Gate, func() map[string]float64) {
	w.t.Helper()
	config, set := w.gate.config, metric.New("gate", "")
	config.Metrics = set
	gate, err := New(config)
	w.must(err)
	gate.Use(w.policy())
	return gate, func() map[string]float64 { return testkit.Scrape(w.t, set.Handler(slog.New(slog.DiscardHandler))) }
}

// badRegistration is the question about a registration request with this body.
func (w *world) badRegistration(body string) ask {
	a := w.registering()
	a.body = []byte(body)
	return a
}

// decisions are the series of decisions with their values.
func decisions(series map[string]float64) map[string]float64 {
	maps.DeleteFunc(series, func(name string, _ float64) bool { return !strings.HasPrefix(name, "dcr_gate_decisions_total") })
	return series
}

// Each decision counts once: by its route, its outcome and its rule.
func TestDecisionsAreCounted(t *testing.T) {
	w := newWorld(t)
	gate, scrape := w.measured()
	compact, _ := w.token("accounts")
	call := w.reading(compact).request()
	mustAllow(t, gate, call)
	mustAllow(t, gate, call)
	for _, refused := range []ask{w.ask("accounts", "GET", "/accounts"), w.ask("", "GET", "/nowhere"), w.badRegistration("no JWT")} {
		if response, err := gate.Check(t.Context(), refused.request()); err != nil || response.GetDeniedResponse() == nil {
			t.Fatalf("not refused: %v %v", response, err)
		}
	}
	mustAllow(t, gate, w.registering().request())
	all := scrape()
	for series, want := range map[string]float64{
		`dcr_gate_decisions_total{outcome="allowed",route="accounts",rule=""}`:                                                            2,
		`dcr_gate_decisions_total{outcome="refused",route="accounts",rule="bearer.missing"}`:                                              1,
		`dcr_gate_decisions_total{outcome="refused",route="",rule="route.path"}`:                                                          1,
		`dcr_gate_decisions_total{outcome="allowed",route="register",rule=""}`:                                                            1,
		`dcr_gate_decision_duration_seconds_count{route="accounts"}`:                                                                      3,
		`dcr_gate_decision_duration_seconds_count{route=""}`:                                                                              1,
		`dcr_gate_check_duration_seconds_count{check="bearer"}`:                                                                           3,
		`dcr_gate_check_duration_seconds_count{check="certificate"}`:                                                                      5,
		`dcr_gate_check_duration_seconds_count{check="role"}`:                                                                             0,
		`dcr_gate_registrations_total{directory="loopback",operation="register",outcome="allowed",profile="obie-3.3",rule=""}`:            1,
		`dcr_gate_registrations_total{directory="",operation="register",outcome="refused",profile="obie-3.3",rule="request.jws.compact"}`: 1,
		`dcr_gate_decisions_in_flight`:                                                                                                    0,
	} {
		if is, there := all[series]; !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
	if got := decisions(all); len(got) != 5 {
		t.Errorf("series: %v", slices.Sorted(maps.Keys(got)))
	}
}

// The rule of a refused call or token request hides why a certificate or signature was not accepted; the metrics say it.
func TestDoubtsAreCounted(t *testing.T) {
	w := newWorld(t)
	gate, scrape := w.measured()
	forge := func(compact string) string { return compact[:len(compact)-8] + "AAAAAAAA" }
	registering := w.registering()
	registering.body = []byte(forge(string(registering.body)))
	request, err := w.tpp.TokenRequest("accounts")
	asking := w.askFor("token", request, err)
	form, err := url.ParseQuery(string(asking.body))
	w.must(err)
	form.Set("client_assertion", forge(form.Get("client_assertion")))
	asking.body = []byte(form.Encode())
	for _, refused := range []ask{registering, asking} {
		if response, err := gate.Check(t.Context(), refused.request()); err != nil || response.GetDeniedResponse() == nil {
			t.Fatalf("not refused: %v %v", response, err)
		}
	}
	got := scrape()
	for series, want := range map[string]float64{
		`dcr_gate_doubts_total{check="statement",kind="forged"}`: 1, `dcr_gate_doubts_total{check="clientauth",kind="forged"}`: 1,
		`dcr_gate_doubts_total{check="bearer",kind="not_bound"}`: 0,
	} {
		if is, there := got[series]; !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
}

// A route that is in no version any more has no metrics; one that stays keeps its counts.
func TestARemovedRouteIsForgotten(t *testing.T) {
	w := newWorld(t)
	gate, scrape := w.measured()
	compact, _ := w.token("accounts")
	mustAllow(t, gate, w.reading(compact).request())
	mustAllow(t, gate, w.registering().request())
	next := *w.policy()
	next.version, next.routes = "next", maps.Clone(next.routes)
	delete(next.routes, "register")
	gate.Use(w.policy(), &next)
	if got := decisions(scrape()); len(got) != 2 {
		t.Errorf("while the version before may still be used: %v", got)
	}
	gate.Use(&next)
	got := scrape()
	if is := decisions(maps.Clone(got)); len(is) != 1 || is[`dcr_gate_decisions_total{outcome="allowed",route="accounts",rule=""}`] != 1 {
		t.Errorf("after that: %v", is)
	}
	for series := range got {
		if strings.Contains(series, `route="register"`) {
			t.Errorf("there is still %s", series)
		}
	}
}

// Whatever strangers send makes no new series.
func TestStrangersMakeNoSeries(t *testing.T) {
	w := newWorld(t)
	gate, scrape := w.measured()
	send := func(n int) {
		for _, asked := range []ask{
			w.ask("", "GET", fmt.Sprintf("/nowhere/%d", n)), w.ask("accounts", "GET", fmt.Sprintf("/accounts?%d", n)),
			w.ask("accounts", fmt.Sprintf("M%d", n), "/accounts"), w.ask(fmt.Sprintf("route-%d", n), "GET", "/accounts"), w.reading(fmt.Sprintf("token-%d", n)),
			w.badRegistration(fmt.Sprintf("registration %d", n)),
		} {
			if _, err := gate.Check(t.Context(), asked.request()); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(0)
	first := scrape()
	for n := range 2000 {
		send(n + 1)
	}
	if last := scrape(); len(last) != len(first) {
		t.Errorf("%d series, and %d before", len(last), len(first))
	}
}

// Counting an allowed call allocates nothing.
func TestCountingIsFree(t *testing.T) {
	m := newMetrics(nil)
	c := &counted{metrics: m, route: "accounts"}
	line := &decision.Line{
		Route: "accounts", Outcome: decision.Allowed, Status: http.StatusOK, Took: time.Millisecond,
		Chain: []decision.Step{{Check: "certificate", Took: time.Microsecond}, {Check: "bearer", Took: time.Microsecond}},
	}
	if allocations := testing.AllocsPerRun(100, func() { c.count(line) }); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
