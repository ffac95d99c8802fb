// Package probe answers probes and scrapers of a process: Kubernetes, load balancers, Prometheus. It is read-only, so it may
// be served on a port.
package probe

import (
	"context"
	"encoding/json"
	"net/http"
)

// An Answer is what a probe gets: 200, or 503 if the process cannot serve, and a body that says more.
type Answer struct {
	Unable  bool   `json:"-"`
	Status  string `json:"status"`            // ok, degraded or unavailable
	Version string `json:"version,omitempty"` // of the configuration, where the process has one
	Why     string `json:"why,omitempty"`     // of anything but ok
}

// Degraded returns the answer of a process that serves, whatever is wrong. It is ok if nothing is.
func Degraded(healthy bool, why string) Answer {
	if healthy {
		return Answer{Status: "ok"}
	}
	return Answer{Status: "degraded", Why: why}
}

// Handler serves a process's answers and its metrics. More may be added to it.
//
//	GET /healthz  alive: restart the process if it is unable
//	GET /readyz   ready: send it no requests if it is unable
//	GET /metrics  metrics
func Handler(alive, ready func(context.Context) Answer, metrics http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	for path, ask := range map[string]func(context.Context) Answer{"GET /healthz": alive, "GET /readyz": ready} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			answer := ask(r.Context())
			code := http.StatusOK
			if answer.Unable {
				code = http.StatusServiceUnavailable
			}
			JSON(w, code, answer)
		})
	}
	mux.Handle("GET /metrics", metrics)
	return mux
}

// JSON answers a request.
func JSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client has gone
}
