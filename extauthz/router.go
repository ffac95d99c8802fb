package extauthz

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// ambiguous characters end a path, or a part of it, for some servers and not for others.
const ambiguous = `;\#`

// find returns the route that Envoy chose, after finding by itself that the request is one of that route. The two
// cannot disagree by configuration, for both come from one file; if they do, nothing is let on.
func (p *Policy) find(asked target) (*route, map[string]string, error) {
	if strings.ContainsAny(asked.path, ambiguous) || strings.Contains(asked.path, "//") || !plainlyEscaped(asked.path) {
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

// plainlyEscaped says that each escape in a path is one, and of no character that would make another path of it for an
// upstream that decodes it once more than the gate: "Implementations must not percent-encode or decode the same string more
// than once" (RFC 3986, section 2.4).
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

// missing tells a path that has no such method from one that is not there. Either way nothing is let on.
func missing(asked target) error {
	if asked.allow == "" {
		return dcr.Refuse(dcr.NotFound, "route.path", "there is nothing at this path")
	}
	refusal := dcr.Refuse(dcr.MethodNotAllowed, "route.method", "this path does not have that method; the Allow header names those it has")
	refusal.Allow = strings.Split(asked.allow, ", ")
	return refusal
}
