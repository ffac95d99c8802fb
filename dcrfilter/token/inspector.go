package token

import (
	"context"
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// An Inspector says what an access token is: ErrInvalid where it is not acceptable. Any other error means that the token
// could not be inspected, and nobody may act on it.
type Inspector interface {
	Inspect(ctx context.Context, compact string, now time.Time) (*Token, error)
}

// Issuers chooses who inspects a token by its iss, exactly and before anything is verified: whoever is chosen verifies it
// with keys of its own. It is an Inspector itself.
type Issuers struct {
	Own    Inspector            // of the tokens that this installation issues, under whatever name
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
