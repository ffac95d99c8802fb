package scenario

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
	"github.com/dcr-gateway/dcr-gateway/test/otlpserver"
)

// The parts whose spans make up a trace.
const (
	envoyService    = "dcr-gateway-envoy"
	gateService     = "dcr-gateway-gate"
	registryService = "dcr-gateway-registry"
)

// TestOneTrace: all that the parts do for a registration is one trace, and their logs have its id.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	collector := otlpserver.Start(t, nil)
	w := newWorldWith(t, harness.Options{OTLP: "http://" + collector.Address})
	tpp := w.Stranger(t, harness.Order{})
	if answer := tpp.Apply(t, tpp.Request()); answer.Status != http.StatusCreated {
		t.Fatal(answer)
	}
	registered := logged(t, w.Path(w.File.Logs.Gate), func(l logLine) bool { return l.Method == http.MethodPost && l.Trace != "" })
	id := registered.Trace
	for _, log := range []string{w.File.Logs.Envoy, w.File.Logs.Registry} {
		if line := logged(t, w.Path(log), func(l logLine) bool { return registered.ID == l.ID || registered.ID == l.Decision }); line.Trace != id {
			t.Errorf("%s has trace %q, the gate's log %q", log, line.Trace, id)
		}
	}
	var trace []otlpserver.Span
	eventually(t, 30*time.Second, "the spans of all three services", func() bool {
		trace = slices.DeleteFunc(collector.Spans(), func(s otlpserver.Span) bool { return s.Trace != id })
		services := map[string]bool{}
		for _, span := range trace {
			services[span.Service] = true
		}
		return len(services) == 3 && len(find(trace, envoyService, "")) == 3
	})

	root := one(t, trace, envoyService, "POST "+routeOf(trace))
	question := one(t, trace, envoyService, "async envoy.service.auth.v3.Authorization.Check egress")
	call := one(t, trace, envoyService, "POST registry")
	decision := one(t, trace, gateService, "envoy.service.auth.v3.Authorization/Check")
	certificate, statement := one(t, trace, gateService, "check certificate"), one(t, trace, gateService, "check statement")
	stored := one(t, trace, registryService, "POST "+routeOf(trace))
	parents := map[string]string{
		root.ID: "", question.ID: root.ID, call.ID: root.ID, decision.ID: question.ID, certificate.ID: decision.ID, statement.ID: decision.ID, stored.ID: call.ID,
	}
	fetches, commands := 0, 0
	for _, span := range trace {
		switch want, known := parents[span.ID]; {
		case known && span.Parent != want:
			t.Errorf("%s %s has parent %s, want %s", span.Service, span.Name, span.Parent, want)
		case known:
		case span.Attributes["url.full"] != "" && span.Service == gateService && span.Parent == statement.ID:
			fetches++
		case span.Attributes["db.system.name"] == "redis" && span.Service == registryService && span.Parent == stored.ID:
			commands++
		default:
			t.Errorf("unexpected: %+v", span)
		}
	}
	if fetches == 0 || commands == 0 {
		t.Errorf("%d fetches of key sets and %d commands to Redis", fetches, commands)
	}
	if root.Attributes["dcr.decision"] == "" || root.Attributes["dcr.decision"] != decision.Attributes["dcr.decision"] ||
		decision.Attributes["dcr.decision"] != stored.Attributes["dcr.decision"] || stored.Attributes["http.response.status_code"] != "201" {
		t.Errorf("the decision is %v in Envoy, %v in the gate, %v in the registry", root.Attributes, decision.Attributes, stored.Attributes)
	}
	checkAttributes(t, collector.Spans())
}

// TestDeadCollector: registrations, tokens and calls succeed while the collector hangs, and the parts end as ever.
func TestDeadCollector(t *testing.T) {
	t.Parallel()
	collector := otlpserver.Start(t, nil)
	collector.Hang()
	w := newWorldWith(t, harness.Options{OTLP: "http://" + collector.Address})
	tpp := w.Register(t, harness.Order{})
	for range 300 {
		if answer := tpp.Get(t, w.File.APIs[0].URL); answer.Status != http.StatusOK {
			t.Fatal(answer)
		}
	}
	for _, part := range []string{harness.Gate, harness.Registry} {
		if err := w.Terminate(part, time.Minute); err != nil {
			t.Error(err)
		}
	}
	if n := len(collector.Spans()); n != 0 {
		t.Errorf("%d spans from a collector that hangs", n)
	}
}

// checkAttributes looks for what must not leave the gateway.
func checkAttributes(t *testing.T, spans []otlpserver.Span) {
	t.Helper()
	for _, span := range spans {
		for name, value := range span.Attributes {
			if strings.Contains(value, "eyJ") || strings.Contains(value, "?") || strings.Contains(value, "BEGIN") {
				t.Errorf("%s %s has %s: %.60s", span.Service, span.Name, name, value)
			}
		}
	}
}

// find returns the spans of a service, and of a name if it is not "".
func find(trace []otlpserver.Span, service, name string) (found []otlpserver.Span) {
	for _, span := range trace {
		if span.Service == service && (name == "" || span.Name == name) {
			found = append(found, span)
		}
	}
	return found
}

func one(t *testing.T, trace []otlpserver.Span, service, name string) otlpserver.Span {
	t.Helper()
	found := find(trace, service, name)
	if len(found) != 1 {
		t.Fatalf("%d spans %s of %s in %+v", len(found), name, service, trace)
	}
	return found[0]
}

// routeOf returns the name of the route that a trace is about.
func routeOf(trace []otlpserver.Span) string {
	for _, span := range trace {
		if span.Parent == "" {
			return span.Attributes["dcr.route"]
		}
	}
	return ""
}

// A logLine is a line of a log: of a decision by its ID, or of Envoy's.
type logLine struct {
	ID, Method, Decision string
	Trace                string `json:"trace_id"`
}

// logged waits for a line.
func logged(t *testing.T, path string, wanted func(logLine) bool) (found logLine) {
	t.Helper()
	eventually(t, 30*time.Second, "a line in "+path, func() bool {
		text, _ := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			var read logLine
			if json.Unmarshal([]byte(line), &read) == nil && wanted(read) {
				found = read
				return true
			}
		}
		return false
	})
	return found
}
