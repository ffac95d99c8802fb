package extauthz

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// A Route is a route of routes.yaml with what the gate needs beside it.
type Route struct {
	*routes.Route
	Profile   *dcr.Profile  // on registration routes
	UsersFile string        // Users, where it is
	Budget    time.Duration // of a decision
}

// bound says whether the route's facts are bound to the one request: what the registry serves.
func (r Route) bound() bool { return r.Endpoint != "" }

// PolicyConfig is what a policy is made of.
type PolicyConfig struct {
	Version     string // content hash of the configuration
	Routes      []Route
	Filters     []filter.Filter
	Help        string              // URL of the page that explains refusals, if there is one
	ServerNames map[string][]string // names that clients may ask for, by listener; any where a listener has none
}

// Policy is one version of routes and filters, made ready to decide by. It never changes.
type Policy struct {
	version string
	help    string
	routes  map[string]*route          // by name
	methods map[place][]string         // of all routes there
	names   map[string]map[string]bool // by listener, as hostName writes them
}

// place is where requests are for one of some routes, by their method.
type place struct{ listener, shape string }

func placeOf(r Route) place { return place{r.Listener, routes.Shape(r.Path)} }

// route is a Route made ready.
type route struct {
	Route
	chain []filter.Filter
}

// NewPolicy returns a policy, or an error if it has no version, if a route's checks do not make a chain, if a name is
// there twice, or if the registry would not be told by signed facts what it serves upon.
func NewPolicy(config PolicyConfig) (*Policy, error) {
	if config.Version == "" {
		return nil, errors.New("a policy needs the version of its configuration")
	}
	// Clones, here and in the cache of facts: a version that is gone must not be kept in memory by a piece of its text.
	p := &Policy{
		version: strings.Clone(config.Version), help: strings.Clone(config.Help),
		routes: make(map[string]*route, len(config.Routes)), methods: make(map[place][]string, len(config.Routes)),
	}
	var err error
	if p.names, err = serverNames(config.ServerNames); err != nil {
		return nil, err
	}
	chains, ready := &chains{filters: config.Filters}, make([]route, len(config.Routes))
	for i, r := range config.Routes {
		if _, twice := p.routes[r.Name]; twice || r.Name == "" {
			return nil, fmt.Errorf("route %q: a route needs a name of its own", r.Name)
		}
		ready[i].Route = r
		if ready[i].chain, err = chains.of(r); err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Name, err)
		}
		p.routes[r.Name] = &ready[i]
		at := placeOf(r)
		p.methods[at] = append(p.methods[at], r.Methods...)
	}
	return p, nil
}

// Version is the content hash of the configuration that the policy was made of.
func (p *Policy) Version() string { return p.version }

// chains makes a chain once for all routes that name the same checks: ten thousand routes have few chains.
type chains struct {
	filters []filter.Filter
	made    []madeChain
}

type madeChain struct {
	checks []string
	chain  []filter.Filter
}

func (c *chains) of(r Route) ([]filter.Filter, error) {
	switch {
	case !slices.Contains([]string{routes.FactsSigned, routes.FactsHeaders, routes.FactsNone}, r.Facts):
		return nil, errors.New("does not say what its upstream is told: signed facts, headers or none")
	case r.bound() && r.Facts != routes.FactsSigned:
		return nil, errors.New("is an endpoint of the registry, which believes nothing but signed facts")
	case r.Public && len(r.Checks) > 0:
		return nil, errors.New("is public and names checks: it can be one of them")
	case r.Public:
		return nil, nil
	}
	for _, known := range c.made {
		if slices.Equal(known.checks, r.Checks) {
			return known.chain, nil
		}
	}
	chain, err := filter.Chain(c.filters, r.Checks)
	if err == nil {
		c.made = append(c.made, madeChain{r.Checks, chain})
	}
	return chain, err
}
