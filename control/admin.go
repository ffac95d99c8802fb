package control

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/dcr-gateway/dcr-gateway/internal/history"
)

// Admin is the admin interface of a part. It can roll back, so serve it on a Unix socket that only the operator can open.
//
//	GET  /status        Status
//	GET  /history       []Entry, newest first
//	POST /rollback?n=N  Status; 404 if there is no such entry, 409 if it cannot be activated
//	and everything that Health serves
func Admin(follower *Follower, status func() Status, metrics http.Handler) http.Handler {
	mux := Health(status, metrics)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, status()) })
	mux.HandleFunc("GET /history", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, follower.History()) })
	mux.HandleFunc("POST /rollback", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil || n < 1 {
			answer(w, http.StatusBadRequest, map[string]string{"error": "n must be the number of an entry of the history"})
			return
		}
		switch err := follower.Rollback(r.Context(), n); {
		case errors.Is(err, history.ErrNotFound):
			answer(w, http.StatusNotFound, map[string]string{"error": "the history has no such entry"})
		case err != nil:
			answer(w, http.StatusConflict, map[string]string{"error": err.Error()})
		default:
			answer(w, http.StatusOK, status())
		}
	})
	return mux
}

// Health serves probes and scrapers. It is read-only, so it may listen on a port.
//
//	GET /healthz  200 as long as the process answers
//	GET /readyz   200 once a version is active, 503 before; the body says whether something is wrong: the file, Redis
//	GET /metrics  metrics
func Health(status func() Status, metrics http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, health(status())) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		s := status()
		code := http.StatusOK
		if s.Version == "" {
			code = http.StatusServiceUnavailable
		}
		answer(w, code, health(s))
	})
	return mux
}

func health(s Status) map[string]string {
	body := map[string]string{"status": "ok", "version": s.Version}
	if !s.Healthy {
		body["status"], body["why"] = "degraded", s.Why
	}
	return body
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client has gone
}
