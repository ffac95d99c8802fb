package probe

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHandler(t *testing.T) {
	always := func(a Answer) func(context.Context) Answer { return func(context.Context) Answer { return a } }
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "m 1\n") })
	degraded := Degraded(false, "Redis is down")
	degraded.Version = "4711"
	handler := Handler(always(degraded), always(Answer{Unable: true, Status: "unavailable", Why: "it starts"}), metrics)
	for _, c := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/healthz", 200, `{"status":"degraded","version":"4711","why":"Redis is down"}` + "\n"},
		{"GET", "/readyz", 503, `{"status":"unavailable","why":"it starts"}` + "\n"},
		{"GET", "/metrics", 200, "m 1\n"},
		{"POST", "/healthz", 405, "Method Not Allowed\n"},
		{"GET", "/", 404, "404 page not found\n"},
	} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if recorder.Code != c.code || recorder.Body.String() != c.body {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, recorder.Code, recorder.Body, c.code, c.body)
		}
	}
	if Degraded(true, "nothing") != (Answer{Status: "ok"}) {
		t.Error("what is well has a reason")
	}
}
