package filter

import (
	"context"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// ScopeFilter proves that the token was granted every scope of the route.
type ScopeFilter struct{}

// Check implements Filter.
func (ScopeFilter) Check(_ context.Context, r *Request) error {
	for _, scope := range r.Route.Scopes {
		// "The request requires higher privileges than provided by the access token." (RFC 6750, section 3.1). Whole
		// tokens are compared, never parts of them.
		if !slices.Contains(r.Token.Scopes, scope) {
			needed := strings.Join(r.Route.Scopes, " ")
			refusal := dcr.Refuse("scope.missing", needed)
			refusal.Scope = needed
			return refusal
		}
	}
	return nil
}
