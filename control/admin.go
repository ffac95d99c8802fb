package control

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/internal/probe"
)

// Admin is the admin interface of a part. It can roll back, so serve it on a Unix socket that only the operator can open.
//
//	GET  /status        Status
//	GET  /history       []Entry, newest first
//	POST /rollback?n=N  Status; 404 if there is no such entry, 409 if it cannot be activated
//	and everything that Health serves
func Admin(follower *Follower, status func() Status, metrics http.Handler) http.Handler {
	mux := Health(status, metrics)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { probe.JSON(w, http.StatusOK, status()) })
	mux.HandleFunc("GET /history", func(w http.ResponseWriter, _ *http.Request) { probe.JSON(w, http.StatusOK, follower.History()) })
	mux.HandleFunc("POST /rollback", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil || n < 1 {
			probe.JSON(w, http.StatusBadRequest, map[string]string{"error": "n must be the number of an entry of the history"})
			return
		}
		switch err := follower.Rollback(r.Context(), n); {
		case errors.Is(err, history.ErrNotFound):
			probe.JSON(w, http.StatusNotFound, map[string]string{"error": "the history has no such entry"})
		case err != nil:
			probe.JSON(w, http.StatusConflict, map[string]string{"error": err.Error()})
		default:
			probe.JSON(w, http.StatusOK, status())
		}
	})
	return mux
}

// Health serves probes and scrapers. A gate is alive as long as it answers, and ready once a version is active; the body says
// whether something is wrong: the file, Redis.
func Health(status func() Status, metrics http.Handler) *http.ServeMux {
	alive := func(context.Context) probe.Answer {
		s := status()
		answer := probe.Degraded(s.Healthy, s.Why)
		answer.Version = s.Version
		return answer
	}
	ready := func(ctx context.Context) probe.Answer {
		answer := alive(ctx)
		answer.Unable = answer.Version == ""
		return answer
	}
	return probe.Handler(alive, ready, metrics)
}
