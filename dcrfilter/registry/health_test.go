package registry

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Envoy asks each second whether a registry serves: without facts, without a line in the log, and about nothing else.
func TestHealth(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/healthz", 200}, {"POST", "/healthz", 403}, {"HEAD", "/healthz", 403}, {"GET", "/healthz?x", 403}, {"GET", "/healthz/", 403}, {"GET", "/readyz", 403},
	} {
		before := len(w.log.String())
		answer := httptest.NewRecorder()
		w.registry.ServeHTTP(answer, httptest.NewRequest(c.method, c.target, http.NoBody))
		if answer.Code != c.want || (len(w.log.String()) == before) != (c.want == 200) {
			t.Errorf("%s %s: got %d %s, and the log has %q", c.method, c.target, answer.Code, answer.Body, w.log.String()[before:])
		}
	}
}
