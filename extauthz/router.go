package extauthz

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// plainlyEscaped reports whether each escape in a path is valid and part of UTF-8 text, and of no character that would
// change the path for a server that decodes it again: "Implementations must not percent-encode or decode the same string
// more than once" (RFC 3986, section 2.4). Some servers read %c0%af, which is not UTF-8, as a slash.
func plainlyEscaped(path string) bool {
	decoded, err := url.PathUnescape(path)
	if err != nil || !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return false
	}
	for ; ; path = path[1:] {
		at := strings.IndexByte(path, '%')
		if at < 0 {
			return true
		}
		path = path[at+1:]
		if octet, err := strconv.ParseUint(path[:2], 16, 8); err != nil || strings.IndexByte(`%/?`+ambiguous, byte(octet)) >= 0 {
			return false
		}
	}
}
