package extauthz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// find returns the route that Envoy chose, after finding by itself that the request is one of that route. The two
// cannot disagree by configuration, for both come from one file; if they do, nothing is let on.
func (p *Policy) find(asked target) (*route, map[string]string, error) {
	if strings.ContainsAny(asked.path, ";\\#") || strings.Contains(asked.path, "//") {
		return nil, nil, dcr.Refuse(dcr.BadRequest, "path.form", "the path holds a character that no path of this gateway has")
	}
	if asked.route == "" {
		return nil, nil, missing(asked)
	}
	chosen, known := p.routes[asked.route]
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
