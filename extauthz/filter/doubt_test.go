package filter

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
)

// TestDoubts: who registers learns why a certificate or a signature is not believed, anybody else only that it may be
// tried again.
func TestDoubts(t *testing.T) {
	for _, test := range []struct {
		kind                 trust.Kind
		registrant, stranger string
	}{
		{trust.NotBound, "statement.certificate", "bearer.token"},
		{trust.NotAuthorised, "statement.certificate_roles", "bearer.token"},
		{trust.NotListed, "statement.certificate", "bearer.token"},
		{trust.NotProved, "statement.possession", "bearer.token"},
		{trust.Revoked, "keys.revoked", "bearer.token"},
		{trust.Forged, "request.signature", "bearer.token"},
		{trust.Unfit, "keys.set", "bearer.token"},
		{trust.Forbidden, "keys.host", "bearer.token"},
		{trust.Unavailable, "keys.unavailable", "keys.unavailable"},
		{"of another kind", "internal", "bearer.token"},
	} {
		cause := fmt.Errorf("asked: %w", &trust.Doubt{Kind: test.kind, Cause: errors.New("why")})
		for _, told := range []struct {
			err  error
			want string
		}{{refuse(cause, toRegistrant, "internal"), test.registrant}, {refuse(cause, toStranger, "bearer.token"), test.stranger}} {
			refusal, ok := errors.AsType[*dcr.Error](told.err)
			if !ok || refusal.Rule != told.want || !errors.Is(told.err, cause) {
				t.Errorf("%s: got %v, want %s", test.kind, told.err, told.want)
			}
		}
	}
	for _, other := range []error{nil, context.Canceled} {
		if got := refuse(other, toStranger, "bearer.token"); !errors.Is(got, other) {
			t.Errorf("%v became %v", other, got)
		}
	}
}
