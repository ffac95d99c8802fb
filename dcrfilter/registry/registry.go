// Package registry is the HTTP back end behind the gate. It stores client records, and issues, revokes and introspects
// access tokens. It checks no certificate and no software statement, and reads no routes.yaml: it relies on the gate's
// signed facts, and reads from Redis the version of the configuration that they name.
package registry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// budget is the time limit of a request. Envoy waits a little longer.
const budget = 4 * time.Second

// Parts holds what a registry depends on.
type Parts struct {
	Store   *store.Store
	Rings   *token.Rings
	Secrets string      // absolute folder of the secret files that a version names
	Metrics *metric.Set // nil if nobody reads them
	Log     *slog.Logger
	Now     func() time.Time
}

// Registry answers the requests that the gate allowed. It uses for each the version of the configuration that its facts
// name.
type Registry struct {
	parts   Parts
	facts   *facts.Verifier // shared by all versions, so that known keys stay known
	issued  *token.Identities
	orphans config.Orphans
	metrics metrics
	open    func(ctx context.Context, id string) (*config.Version, error)
	loading singleflight.Group

	mu       sync.Mutex
	editions map[string]*held // by the version's ID
}

// New returns a registry that has not loaded a version.
func New(parts Parts) *Registry {
	g := &Registry{
		parts: parts, metrics: newMetrics(parts.Metrics), facts: facts.NewVerifier(publishedKeys(parts.Store), parts.Metrics), issued: token.NewIdentities(parts.Store), editions: map[string]*held{},
	}
	g.open = g.published
	g.measure(parts.Metrics)
	return g
}

// ServeHTTP answers one request and writes one line about it. Envoy's question whether the registry serves has no facts and
// no line: an answer shows that it is not frozen. Redis does not count, because without it all registries are equal.
func (g *Registry) ServeHTTP(w http.ResponseWriter, incoming *http.Request) {
	if incoming.Method == http.MethodGet && incoming.RequestURI == routes.RegistryHealth && incoming.Header.Get(facts.Header) == "" {
		secret(http.StatusOK, []byte(`{"status":"ok"}`)).write(w, "")
		return
	}
	g.metrics.running.Inc()
	defer g.metrics.running.Dec()
	ctx, cancel := context.WithTimeout(incoming.Context(), budget)
	defer cancel()
	line := &line{start: g.parts.Now(), interaction: decision.SentID(incoming.Header.Values(decision.InteractionHeader))}
	result, err := g.decide(ctx, incoming, line)
	if err != nil {
		line.refusal = dcr.AsRefusal(err)
		result.status, result.header, result.body = line.refusal.Answer(line.help)
	}
	line.status = result.status
	result.write(w, line.interaction)
	g.logDecision(ctx, line)
}

// decide finds the version that the facts name and lets it answer. A panic becomes a refusal.
func (g *Registry) decide(ctx context.Context, incoming *http.Request, line *line) (result answer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = dcr.Refuse("panic").CausedBy(fmt.Errorf("a panic with a %T\n%s", fault, debug.Stack())) // its value may quote the request
		}
	}()
	if line.facts, err = g.proved(ctx, incoming.Header); err != nil {
		return answer{}, err
	}
	under, err := g.edition(ctx, line.facts.GetVersion())
	if err != nil {
		return answer{}, dcr.Refuse("facts.version").CausedBy(err).After(retryAfter)
	}
	line.help = under.help
	return under.answer(ctx, incoming, line)
}
