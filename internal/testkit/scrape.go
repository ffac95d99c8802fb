package testkit

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// Scrape returns what a handler of metrics serves, by series: `dcr_gate_decisions_total{outcome="allowed",route="a",rule=""}`.
func Scrape(t testing.TB, handler http.Handler) map[string]float64 {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if recorder.Code != http.StatusOK {
		t.Fatalf("metrics: %d %s", recorder.Code, recorder.Body)
	}
	return Series(t, recorder.Body.String())
}

// Series parses the text format of Prometheus.
func Series(t testing.TB, text string) map[string]float64 {
	t.Helper()
	series := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			t.Fatalf("not a sample: %s", line)
		}
		series[line[:end]] = value
	}
	return series
}
