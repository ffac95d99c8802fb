// Package registry is the registry: the HTTP back end behind the gate. It keeps client records and issues, revokes and
// introspects tokens. It parses no certificate and verifies no software statement: it reads the gate's facts.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
)

// budget is how long a request may take; Envoy waits a little longer.
const budget = 4 * time.Second

// Registry answers what the gate has let on. It is an http.Handler.
type Registry struct {
	parts    Parts
	facts    *facts.Verifier
	config   Config
	routes   map[string]*routes.Route // that name an endpoint, by name
	handlers map[action]handler
	metadata []byte // the discovery document
	page     []byte // that explains refusals
	help     string // its URL, "" where no route serves it
}

// action is what a request wants of an endpoint.
type action struct {
	endpoint, method string
}

type handler func(ctx context.Context, r *request) (answer, error)

// New returns a registry for one version of the configuration.
func New(config Config, parts Parts) (*Registry, error) {
	registry := &Registry{parts: parts, facts: facts.NewVerifier(publishedKeys(parts.Store)), config: config, routes: config.endpoints()}
	registry.handlers = map[action]handler{
		{routes.EndpointRegistration, http.MethodPost}:   registry.register,
		{routes.EndpointRegistration, http.MethodGet}:    registry.read,
		{routes.EndpointRegistration, http.MethodPut}:    registry.update,
		{routes.EndpointRegistration, http.MethodDelete}: registry.remove,
		{routes.EndpointToken, http.MethodPost}:          registry.token,
		{routes.EndpointRevocation, http.MethodPost}:     registry.revoke,
		{routes.EndpointIntrospection, http.MethodPost}:  registry.introspect,
		{routes.EndpointJWKS, http.MethodGet}:            registry.jwks,
		{routes.EndpointDiscovery, http.MethodGet}:       registry.discovery,
		{routes.EndpointErrors, http.MethodGet}:          registry.errors,
	}
	metadata, err := newMetadata(&config)
	if err != nil {
		return nil, err
	}
	registry.metadata = metadata
	if registry.page, err = errorsPage(); err != nil {
		return nil, err
	}
	registry.help = config.url(routes.EndpointErrors, http.MethodGet)
	return registry, nil
}

// ServeHTTP answers one request and writes one line about it.
func (g *Registry) ServeHTTP(w http.ResponseWriter, incoming *http.Request) {
	ctx, cancel := context.WithTimeout(incoming.Context(), budget)
	defer cancel()
	line := &line{start: g.parts.Now(), interaction: decision.SentID(incoming.Header.Values(decision.InteractionHeader))}
	result, err := g.decide(ctx, incoming, line)
	if err != nil {
		line.refusal = dcr.AsRefusal(err)
		result.status, result.header, result.body = line.refusal.Answer(g.help)
	}
	line.status = result.status
	result.write(w, line.interaction)
	g.logDecision(ctx, line)
}

// decide admits the request and does what it asks for. A panic is a fault like any other: it denies.
func (g *Registry) decide(ctx context.Context, incoming *http.Request, line *line) (result answer, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = dcr.Refuse("panic").CausedBy(fmt.Errorf("a panic with a %T\n%s", fault, debug.Stack())) // its value may quote the request
		}
	}()
	admitted, err := g.admit(ctx, incoming, line)
	if err != nil {
		return answer{}, err
	}
	handle, known := g.handlers[action{admitted.route.Endpoint, incoming.Method}]
	if !known {
		return answer{}, fmt.Errorf("the endpoint %s has no method %.16q", admitted.route.Endpoint, incoming.Method)
	}
	return handle(ctx, admitted)
}
