package token

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

// An Identity is the issuer and audience of a token.
type Identity struct {
	Issuer   string // iss
	Audience string // aud
}

// identityMargin is how much longer than any token an identity is kept, so that Redis is asked once an hour and not for
// each token.
const identityMargin = time.Hour

// Identities keeps in Redis the identities under which this installation has issued tokens that may still be valid. An
// administrator may change the issuer or audience gate by gate; tokens remain valid until they expire, at gates with
// the new file and with the old one. Only registries of the installation can add an identity. It is safe for concurrent
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
	until := now.Add(MaxLifetime + identityMargin)
	if err := i.store.RememberIssuer(ctx, identity.Issuer, identity.Audience, now, until); err != nil {
		return fmt.Errorf("remembering the issuer of a token: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known[identity] = until
	return nil
}

// includes reports whether valid tokens with this identity may exist. It asks Redis if it does not know; only tokens
// that we have signed reach this point.
func (i *Identities) includes(ctx context.Context, identity Identity, now time.Time) (bool, error) {
	if i == nil {
		return false, nil
	}
	if now.Before(i.until(identity)) {
		return true, nil
	}
	issuers, err := i.store.Issuers(ctx, now)
	if err != nil {
		return false, fmt.Errorf("reading the issuers of living tokens: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.known)
	for _, issuer := range issuers {
		i.known[Identity{issuer.Issuer, issuer.Audience}] = issuer.Until
	}
	return now.Before(i.known[identity]), nil
}

// until returns until when the identity is kept, as far as this process knows.
func (i *Identities) until(identity Identity) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known[identity]
}
