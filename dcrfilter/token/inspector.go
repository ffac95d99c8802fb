package token

import (
	"context"
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// An Inspector verifies an access token. It returns ErrInvalid if the token is not acceptable. Any other error means
// that the token could not be inspected: deny.
type Inspector interface {
	Inspect(ctx context.Context, compact string, now time.Time) (*Token, error)
}

// Issuers chooses the inspector of a token by its unverified iss, compared exactly. The chosen inspector verifies the
// token with its own keys. Issuers is itself an Inspector.
type Issuers struct {
	Own    Inspector            // of the tokens that this installation issues, under any name
	Others map[string]Inspector // by iss, of authorization servers beside it
}

// Inspect implements Inspector.
func (i Issuers) Inspect(ctx context.Context, compact string, now time.Time) (*Token, error) {
	if len(i.Others) > 0 {
		claims, err := jose.ClaimsVerifiedElsewhere(compact, maxBytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		if issuer, err := claims.String("iss"); err == nil && i.Others[issuer] != nil {
			return i.Others[issuer].Inspect(ctx, compact, now)
		}
	}
	return i.Own.Inspect(ctx, compact, now)
}
