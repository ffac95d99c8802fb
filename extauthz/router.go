package extauthz

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// ambiguous characters end a path, or a part of it, for some servers and not for others.
const ambiguous = `;\#`

// find returns the route that Envoy chose, after checking that the request matches it. The two cannot disagree by
// configuration, because both come from one file; if they do, the request is denied.
func (p *Policy) find(asked target) (*filter.Ready, map[string]string, error) {
	if strings.ContainsAny(asked.path, ambiguous) || strings.Contains(asked.path, "//") {
		return nil, nil, dcr.Refuse("path.form")
	}
	if asked.route == "" {
		return nil, nil, dcr.Refuse("route.path")
	}
	chosen, known := p.routes[asked.route]
	if !known {
		return nil, nil, fmt.Errorf("envoy names a route that is not configured here")
	}
	parameters, matched := chosen.Params(asked.path)
	if !matched || chosen.Listener != asked.listener {
		return nil, nil, fmt.Errorf("envoy's route %s is not for this request", chosen.Name)
	}
	if !slices.Contains(chosen.Methods, asked.method) {
		return nil, nil, p.otherMethod(chosen, asked.method)
	}
	if !chosen.Bound() && !plainlyEscaped(asked.path) {
		return nil, nil, dcr.Refuse("path.form")
	}
	return chosen, parameters, nil
}

// otherMethod refuses a method that no route of the path has.
func (p *Policy) otherMethod(chosen *filter.Ready, method string) error {
	methods := slices.Clone(p.methods[placeOf(chosen)])
	if slices.Contains(methods, method) {
		return fmt.Errorf("envoy's route %s is not for this method, and another one is", chosen.Name)
	}
	slices.Sort(methods)
	refusal := dcr.Refuse("route.method")
	refusal.Allow = slices.Compact(methods)
	return refusal
}

// plainlyEscaped reports whether each escape in a path is valid, and of no character that would change the path for a server
// that decodes it again: "Implementations must not percent-encode or decode the same string more than once" (RFC 3986,
// section 2.4).
func plainlyEscaped(path string) bool {
	for {
		at := strings.IndexByte(path, '%')
		if at < 0 {
			return true
		}
		if path = path[at+1:]; len(path) < 2 {
			return false
		}
		octet, err := strconv.ParseUint(path[:2], 16, 8)
		if err != nil || octet < ' ' || octet == 0x7f || strings.IndexByte(`%/?`+ambiguous, byte(octet)) >= 0 {
			return false
		}
		path = path[2:]
	}
}
