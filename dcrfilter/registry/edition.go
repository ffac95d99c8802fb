package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
)

// An edition is a version of the configuration, prepared to serve the routes that name an endpoint. The reader and the
// linter check whether the routes make sense; the registry does not serve what it does not understand.
type edition struct {
	parts      Parts
	version    *config.Version
	orphans    *config.Orphans
	routes     map[string]*routes.Route // routes that name an endpoint, by name
	operations map[action]operation
	ring       *token.Ring
	issuer     *token.Issuer
	inspector  token.Inspector
	metadata   []byte // the discovery document
	page       []byte // the page that explains refusals
	help       string // URL of the page, "" if no route serves it
}

// action is an endpoint with a method.
type action struct {
	endpoint, method string
}

// operation is what a request does, with its name in the metrics.
type operation struct {
	name   string
	handle func(ctx context.Context, r *request) (answer, error)
}

// newEdition prepares a version. If keys for access tokens are missing, it still serves what needs none.
func (g *Registry) newEdition(ctx context.Context, version *config.Version) (*edition, error) {
	file := version.File
	own := token.Identity{Issuer: file.Issuer, Audience: file.Tokens.Audience, Lifetime: file.Tokens.Lifetime}
	ring, err := g.parts.Rings.Use(ctx, file.TokenKeys())
	if err != nil {
		g.parts.Log.ErrorContext(ctx, "there are no keys for access tokens", "version", version.ID(), "cause", err.Error())
	}
	e := &edition{
		parts: g.parts, version: version, orphans: &g.orphans, routes: map[string]*routes.Route{}, ring: ring,
		issuer:    token.NewIssuer(ring, own, g.issued, g.parts.Now),
		inspector: token.Issuers{Own: token.NewBuiltin(ring, own, g.issued)},
	}
	e.operations = map[action]operation{
		{routes.EndpointRegistration, http.MethodPost}:   {"register", e.register},
		{routes.EndpointRegistration, http.MethodGet}:    {"read", e.read},
		{routes.EndpointRegistration, http.MethodPut}:    {"update", e.update},
		{routes.EndpointRegistration, http.MethodDelete}: {"delete", e.remove},
		{routes.EndpointToken, http.MethodPost}:          {"token", e.token},
		{routes.EndpointRevocation, http.MethodPost}:     {"revoke", e.revoke},
		{routes.EndpointIntrospection, http.MethodPost}:  {"introspect", e.introspect},
		{routes.EndpointJWKS, http.MethodGet}:            {"jwks", e.jwks},
		{routes.EndpointDiscovery, http.MethodGet}:       {"discovery", e.discovery},
		{routes.EndpointFactsKeys, http.MethodGet}:       {"facts_keys", e.factsKeys},
		{routes.EndpointErrors, http.MethodGet}:          {"errors", e.errors},
	}
	for i := range file.Routes {
		if route := &file.Routes[i]; route.Endpoint != "" {
			e.routes[route.Name] = route
		}
	}
	if e.metadata, err = newMetadata(version); err == nil {
		e.page, err = errorsPage()
	}
	if err != nil {
		e.release()
		return nil, err
	}
	e.help = endpointURL(file, routes.EndpointErrors, http.MethodGet)
	return e, nil
}

// release gives back the edition's key rings.
func (e *edition) release() { e.parts.Rings.Release(e.version.File.TokenKeys()) }

// answer admits the request and handles it.
func (e *edition) answer(ctx context.Context, incoming *http.Request, line *line) (answer, error) {
	admitted, err := e.admit(incoming, line)
	if err != nil {
		return answer{}, err
	}
	asked, known := e.operations[action{admitted.route.Endpoint, incoming.Method}]
	if !known {
		return answer{}, fmt.Errorf("the endpoint %s has no method %.16q", admitted.route.Endpoint, incoming.Method)
	}
	line.operation = asked.name
	return asked.handle(ctx, admitted)
}

// profile returns the profile of a registration route; other endpoints have none.
func (e *edition) profile(route *routes.Route) (*dcr.Profile, error) {
	if route.Endpoint != routes.EndpointRegistration {
		return nil, nil
	}
	profile := e.version.Profiles[route.Profile]
	if profile == nil {
		return nil, fmt.Errorf("the profile of route %s is not part of the configuration", route.Name)
	}
	return profile, nil
}

// endpointURL returns the URL of the first route of an endpoint and method, or "".
func endpointURL(file *routes.File, endpoint, method string) string {
	for i := range file.Routes {
		if route := &file.Routes[i]; route.Endpoint == endpoint && slices.Contains(route.Methods, method) {
			return file.URL(route)
		}
	}
	return ""
}
