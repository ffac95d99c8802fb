package token

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

// An Identity is how an installation issues tokens.
type Identity struct {
	Issuer   string        // iss
	Audience string        // aud
	Lifetime time.Duration // from iat to exp
}

// identityMargin is how much longer than any token an identity is kept, so that Redis is asked once an hour and not for
// each token.
const identityMargin = time.Hour

// Identities keeps in Redis the identities under which this installation has issued tokens that may still be valid. An
// administrator may change the issuer, audience or lifetime gate by gate; tokens remain valid until they expire, at gates
// with the new file and with the old one. Only registries of the installation can add an identity. It is safe for concurrent
// use; nil remembers nothing.
type Identities struct {
	store *store.Store

	mu    sync.Mutex
	known map[Identity]time.Time // until when it is kept
}

// NewIdentities returns the identities of an installation.
func NewIdentities(s *store.Store) *Identities {
	return &Identities{store: s, known: map[Identity]time.Time{}}
}

// remember ensures that Redis has the identity until the token that is about to be issued expires.
func (i *Identities) remember(ctx context.Context, identity Identity, now, expires time.Time) error {
	if i == nil || !i.until(identity).Before(expires) {
		return nil
	}
	until := now.Add(identity.Lifetime + identityMargin)
	if err := i.store.RememberIssuer(ctx, store.Issuer{Issuer: identity.Issuer, Audience: identity.Audience, Lifetime: identity.Lifetime, Until: until}, now); err != nil {
		return fmt.Errorf("remembering the issuer of a token: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known[identity] = until
	return nil
}

// includes reports whether valid tokens with this issuer, audience and lifetime may exist. It asks Redis if it does not
// know; only tokens that we have signed reach this point.
func (i *Identities) includes(ctx context.Context, identity Identity, now time.Time) (bool, error) {
	if i == nil {
		return false, nil
	}
	if i.covers(identity, now) {
		return true, nil
	}
	issuers, err := i.store.Issuers(ctx, now)
	if err != nil {
		return false, fmt.Errorf("reading the issuers of living tokens: %w", err)
	}
	i.mu.Lock()
	clear(i.known)
	for _, issuer := range issuers {
		// An entry of the build before has no lifetime.
		i.known[Identity{issuer.Issuer, issuer.Audience, cmp.Or(issuer.Lifetime, MaxLifetime)}] = issuer.Until
	}
	i.mu.Unlock()
	return i.covers(identity, now), nil
}

// covers reports whether this process knows an identity whose tokens live at least as long.
func (i *Identities) covers(identity Identity, now time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for known, until := range i.known {
		if known.includes(identity) && now.Before(until) {
			return true
		}
	}
	return false
}

// includes reports whether a token of the other identity may be one of this.
func (i Identity) includes(other Identity) bool {
	return i.Issuer == other.Issuer && i.Audience == other.Audience && other.Lifetime <= i.Lifetime
}

// until returns until when the identity is kept, as far as this process knows.
func (i *Identities) until(identity Identity) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known[identity]
}
