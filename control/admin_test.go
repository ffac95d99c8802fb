package control

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func send(handler http.Handler, method, path string) (int, string) {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder.Code, recorder.Body.String()
}

func metrics(status func() Status) http.Handler {
	set := metric.New("gate", "")
	Measure(set, status)
	return set.Handler(slog.New(slog.DiscardHandler))
}

func TestAdmin(t *testing.T) {
	w := start(t)
	versions := three(w)
	admin := Admin(w.Follower, w.Status, metrics(w.Status))
	cases := []struct {
		method, path string
		status       int
		want         string // is in the body
	}{
		{"GET", "/status", 200, `"version":"` + versions[2] + `"`},
		{"GET", "/history", 200, `[{"n":3,`},
		{"POST", "/rollback", 400, "must be the number"},
		{"POST", "/rollback?n=0", 400, "must be the number"},
		{"POST", "/rollback?n=4", 404, "no such entry"},
		{"GET", "/rollback?n=1", 405, ""},
		{"POST", "/rollback?n=1", 200, `"version":"` + versions[0] + `"`},
		{"GET", "/status", 200, `"healthy":false`},
		{"GET", "/healthz", 200, `"status":"degraded"`},
		{"GET", "/readyz", 200, versions[0]},
		{"GET", "/metrics", 200, "dcr_routes_file_refused 1"},
	}
	for _, c := range cases {
		if status, body := send(admin, c.method, c.path); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, status, body, c.status, c.want)
		}
	}
}

// What probes may see changes nothing.
func TestHealth(t *testing.T) {
	w := start(t)
	three(w)
	health := Health(w.Status, metrics(w.Status))
	for _, path := range []string{"/rollback?n=1", "/history", "/status"} {
		if status, _ := send(health, http.MethodPost, path); status != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, status)
		}
	}
	if status, body := send(health, http.MethodGet, "/readyz"); status != 200 || !strings.Contains(body, `"status":"ok"`) {
		t.Errorf("ready: %d %s", status, body)
	}
	if status, _ := send(Health(func() Status { return Status{} }, http.NotFoundHandler()), http.MethodGet, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("ready before there is a version: %d", status)
	}
}

func TestMetricsFollowTheStatus(t *testing.T) {
	w := start(t)
	first := w.active()
	health := Health(w.Status, metrics(w.Status))
	_, before := send(health, http.MethodGet, "/metrics")
	w.save("routes.yaml", "issuer: 7\n")
	w.refused()
	_, after := send(health, http.MethodGet, "/metrics")
	for _, c := range []struct{ text, line string }{
		{before, `dcr_routes_info{source="file",version="` + first + `"} 1`},
		{before, "dcr_routes 8"}, {before, "dcr_gate_healthy 1"}, {before, "dcr_routes_refusals_total 0"}, {before, "dcr_routes_reloads_total 1"},
		{after, `dcr_routes_info{source="file",version="` + first + `"} 1`},
		{after, "dcr_gate_healthy 0"}, {after, "dcr_routes_file_refused 1"}, {after, "dcr_routes_refusals_total 1"}, {after, "dcr_routes_reloads_total 1"},
	} {
		if !strings.Contains(c.text, c.line+"\n") {
			t.Errorf("there is no %s in\n%s", c.line, c.text)
		}
	}
}

// A status is for scripts too: its names are stable and in lower case.
func TestStatusAsJSON(t *testing.T) {
	w := start(t)
	w.active()
	w.save("routes.yaml", sample.With(t, "scopes: [payments]", "scopes: [paymnts]"))
	w.refused()
	_, body := send(Admin(w.Follower, w.Status, http.NotFoundHandler()), http.MethodGet, "/status")
	var status struct {
		File struct {
			Problems []struct {
				ID, Severity, File, Where, What, Text string
				Line, Column                          int
			} `json:"problems"`
		} `json:"file"`
	}
	if err := json.Unmarshal([]byte(body), &status); err != nil || len(status.File.Problems) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	if p := status.File.Problems[0]; p.ID != "scope.unknown" || p.Line != 21 || p.Column == 0 || p.Where != "routes[5].scopes[0]" || p.Text == "" {
		t.Errorf("problem %+v", p)
	}
}
