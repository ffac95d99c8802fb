package extauthz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// PolicyConfig is the input of NewPolicy.
type PolicyConfig struct {
	Version     string                   // content hash of the configuration
	Routes      []filter.Ready           // without chains, which NewPolicy sets
	Filters     map[string]filter.Filter // one for each of routes.Checks, by name
	Help        string                   // URL of the page that explains refusals, if there is one
	ServerNames map[string][]string      // names that clients may ask for, by listener; any name if a listener has none
}

// Policy is one version of routes and filters, ready to decide requests. It is immutable.
type Policy struct {
	version string
	help    string
	routes  map[string]*filter.Ready   // by name
	methods map[place][]string         // of all routes there
	names   map[string]map[string]bool // by listener, as hostName writes them
}

// place is a path of a listener; its routes differ in their methods.
type place struct{ listener, shape string }

func placeOf(r *filter.Ready) place { return place{r.Listener, routes.Shape(r.Path)} }

// NewPolicy returns a policy, or an error if the version is missing, if a route's checks make no valid chain, or if a route
// lacks its profile.
func NewPolicy(config PolicyConfig) (*Policy, error) {
	if config.Version == "" {
		return nil, errors.New("a policy needs the version of its configuration")
	}
	// Cloned here and in the cache of facts: a substring would keep the text of a dropped version in memory.
	p := &Policy{
		version: strings.Clone(config.Version), help: strings.Clone(config.Help),
		routes: make(map[string]*filter.Ready, len(config.Routes)), methods: make(map[place][]string, len(config.Routes)),
	}
	var err error
	if p.names, err = serverNames(config.ServerNames); err != nil {
		return nil, err
	}
	chains := chains{}
	for i := range config.Routes {
		r := config.Routes[i]
		if r.Route.Profile != "" && r.Profile == nil {
			return nil, fmt.Errorf("route %s: its profile is not part of the version", r.Name)
		}
		if r.Chain, err = chains.of(r.Route, config.Filters); err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Name, err)
		}
		p.routes[r.Name] = &r
		at := placeOf(&r)
		p.methods[at] = append(p.methods[at], r.Methods...)
	}
	return p, nil
}

// Version returns the content hash of the policy's configuration.
func (p *Policy) Version() string { return p.version }

// chains holds one chain for all routes that name the same checks: ten thousand routes have few chains.
type chains map[string][]filter.Step

// of returns a route's chain, which is empty only for a public route.
func (c chains) of(r *routes.Route, filters map[string]filter.Filter) ([]filter.Step, error) {
	names, err := r.Chain()
	if err != nil {
		return nil, err
	}
	key := strings.Join(names, " ")
	if known, made := c[key]; made {
		return known, nil
	}
	var chain []filter.Step
	for _, name := range names {
		if filters[name] == nil {
			return nil, fmt.Errorf("the check %s is not available", name)
		}
		chain = append(chain, filter.Step{Name: name, Filter: filters[name]})
	}
	c[key] = chain
	return chain, nil
}
