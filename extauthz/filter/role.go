package filter

import (
	"context"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// RoleFilter proves that the client's software product has every role of the route. The roles are in the token, from
// the software statement that the client registered with.
type RoleFilter struct{}

// Check implements Filter.
func (RoleFilter) Check(_ context.Context, r *Request) error {
	for _, role := range r.Route.Roles {
		// A 403 without insufficient_scope denies a correctly bound client by policy: no scope would help, so the
		// challenge names none.
		if !slices.Contains(r.Token.Software.GetRoles(), role) {
			return dcr.Refuse("role.missing")
		}
	}
	return nil
}
