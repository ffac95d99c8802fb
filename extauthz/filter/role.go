package filter

import (
	"context"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// RoleFilter proves that the client's software has every role of the route, as the token says: those of the software
// statement that the client registered with.
type RoleFilter struct{}

// Check implements Filter.
func (RoleFilter) Check(_ context.Context, r *Request) error {
	for _, role := range r.Route.Roles {
		// "403 is reserved for insufficient_scope and for policy denials of a correctly bound client". This is one of
		// the latter: no scope would help, so no challenge names one.
		if !slices.Contains(r.Token.Software.GetRoles(), role) {
			return dcr.Refuse("role.missing")
		}
	}
	return nil
}
