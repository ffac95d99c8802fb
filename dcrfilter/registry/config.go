package registry

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
)

// Config is one version of the configuration: routes.yaml and what it includes. The registry serves the routes that name
// an endpoint. Whether they make sense is the reader's and the linter's to say; what the registry does not understand it
// does not serve.
type Config struct {
	File        *routes.File
	Directories map[string]*dcr.Directory // by name
	Profiles    map[string]*dcr.Profile   // by name, those of earlier clients too: not only the ones that a route names
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

// endpoints returns the routes that the registry serves, by name.
func (c *Config) endpoints() map[string]*routes.Route {
	served := map[string]*routes.Route{}
	for i := range c.File.Routes {
		if route := &c.File.Routes[i]; route.Endpoint != "" {
			served[route.Name] = route
		}
	}
	return served
}

// url returns the URL of the first route of an endpoint and method, or "" if there is none.
func (c *Config) url(endpoint, method string) string {
	for i := range c.File.Routes {
		if route := &c.File.Routes[i]; route.Endpoint == endpoint && slices.Contains(route.Methods, method) {
			return c.File.URL(route)
		}
	}
	return ""
}

// profile returns the profile of a registration route; other endpoints have none.
func (c *Config) profile(route *routes.Route) (*dcr.Profile, error) {
	if route.Endpoint != routes.EndpointRegistration {
		return nil, nil
	}
	profile := c.Profiles[route.Profile]
	if profile == nil {
		return nil, fmt.Errorf("the profile of route %s is not part of the configuration", route.Name)
	}
	return profile, nil
}
