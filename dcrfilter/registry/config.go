package registry

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
)

// Endpoint is what a route of the registry does.
type Endpoint string

// The endpoints that a route may name.
const (
	Registration  Endpoint = "registration"
	Token         Endpoint = "token"
	Revocation    Endpoint = "revocation"
	Introspection Endpoint = "introspection"
	JWKS          Endpoint = "jwks"
	Discovery     Endpoint = "discovery"
	Errors        Endpoint = "errors"
)

// Config is what the administrator says about the registry.
type Config struct {
	Issuer      string // of this authorization server (RFC 8414)
	Audience    string // aud of access tokens
	Audiences   []string
	AuthMethods []string // token_endpoint_auth_method values that are offered
	Routes      []Route
	Directories map[string]*dcr.Directory // by name
	Profiles    map[string]*dcr.Profile   // by name: of all clients there may be, also where no route has the profile any more
}

// Route is a route that the registry serves.
type Route struct {
	Name     string
	Methods  []string
	Path     string // exact, or with the whole segment {ClientId}
	URL      string // Path as clients reach it
	Endpoint Endpoint
	Profile  *dcr.Profile // of a registration route
}

// Parts are what a registry works with.
type Parts struct {
	Store    *store.Store
	Ring     *token.Ring
	Issuer   *token.Issuer
	Verifier *token.Verifier
	Log      *slog.Logger
	Now      func() time.Time
}

// clientSegment is the one variable part that a path of the registry may have.
const clientSegment = "{ClientId}"

// check refuses what could not work, all of it at once.
func (c *Config) check(handlers map[action]handler) error {
	var problems []error
	names := map[string]bool{}
	for _, route := range c.Routes {
		if names[route.Name] {
			problems = append(problems, fmt.Errorf("route %s: the name is taken", route.Name))
		}
		names[route.Name] = true
		problems = append(problems, route.check(handlers))
	}
	if len(c.Routes) == 0 {
		problems = append(problems, errors.New("there are no routes for the registry"))
	}
	if c.Issuer == "" || c.Audience == "" {
		problems = append(problems, errors.New("issuer and audience of access tokens are needed"))
	}
	return errors.Join(problems...)
}

func (r *Route) check(handlers map[action]handler) error {
	if len(r.Methods) == 0 {
		return fmt.Errorf("route %s: methods are needed", r.Name)
	}
	for _, method := range r.Methods {
		if handlers[action{r.Endpoint, method}] == nil {
			return fmt.Errorf("route %s: the endpoint %s has no method %s", r.Name, r.Endpoint, method)
		}
	}
	if r.Endpoint != Registration {
		return nil
	}
	if r.Profile == nil {
		return fmt.Errorf("route %s: a registration route needs a profile", r.Name)
	}
	if isOne := r.hasClient(); isOne == slices.Contains(r.Methods, http.MethodPost) || !isOne && len(r.Methods) > 1 {
		return fmt.Errorf("route %s: POST needs a path without %s, the other methods one with it", r.Name, clientSegment)
	}
	return nil
}

func (r *Route) hasClient() bool { return strings.Contains(r.Path, clientSegment) }

// match says whether the path, as received and without a query, is one of the route's, and which client id is in it,
// unescaped once.
func (r *Route) match(path string) (clientID string, ok bool) {
	before, after, variable := strings.Cut(r.Path, clientSegment)
	if !variable {
		return "", path == r.Path
	}
	rest, ok := strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	segment, ok := strings.CutSuffix(rest, after)
	if !ok || segment == "" || strings.Contains(segment, "/") {
		return "", false
	}
	clientID, err := url.PathUnescape(segment)
	return clientID, err == nil
}
