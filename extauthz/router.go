package extauthz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// A Route is a route of routes.yaml with what the gate needs beside it.
type Route struct {
	*routes.Route
	Profile *dcr.Profile  // on registration routes
	Budget  time.Duration // of a decision
}

// bound says whether the route's facts are bound to the one request: what the registry serves.
func (r Route) bound() bool { return r.Endpoint != "" }

// route is a Route made ready.
type route struct {
	Route
	chain []filter.Filter
}

// table finds routes.
type table struct {
	byName map[string]*route
}

func newTable(all []Route, filters []filter.Filter) (*table, error) {
	t := &table{byName: make(map[string]*route, len(all))}
	for _, r := range all {
		if _, twice := t.byName[r.Name]; twice || r.Name == "" {
			return nil, fmt.Errorf("route %q: a route needs a name of its own", r.Name)
		}
		ready := &route{Route: r}
		var err error
		switch {
		case r.Public && len(r.Checks) > 0:
			err = fmt.Errorf("is public and names checks: it can be one of them")
		case !r.Public:
			ready.chain, err = filter.Chain(filters, r.Checks)
		}
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Name, err)
		}
		t.byName[r.Name] = ready
	}
	return t, nil
}

// find returns the route that Envoy chose, after finding by itself that the request is one of that route. The two
// cannot disagree by configuration, for both come from one file; if they do, nothing is let on.
func (t *table) find(asked target) (*route, map[string]string, error) {
	if strings.ContainsAny(asked.path, ";\\#") || strings.Contains(asked.path, "//") {
		return nil, nil, dcr.Refuse(dcr.BadRequest, "path.form", "the path holds a character that no path of this gateway has")
	}
	if asked.route == "" {
		return nil, nil, missing(asked)
	}
	chosen, known := t.byName[asked.route]
	if !known {
		return nil, nil, fmt.Errorf("envoy names a route that is not configured here")
	}
	parameters, matched := chosen.Params(asked.path)
	if !matched || !slices.Contains(chosen.Methods, asked.method) || chosen.Listener != asked.listener {
		return nil, nil, fmt.Errorf("envoy's route %s is not for this request", chosen.Name)
	}
	return chosen, parameters, nil
}

// missing tells a path that has no such method from one that is not there. Either way nothing is let on.
func missing(asked target) error {
	if asked.allow == "" {
		return dcr.Refuse(dcr.NotFound, "route.path", "there is nothing at this path")
	}
	refusal := dcr.Refuse(dcr.MethodNotAllowed, "route.method", "this path does not have that method; the Allow header names those it has")
	refusal.Allow = strings.Split(asked.allow, ", ")
	return refusal
}
