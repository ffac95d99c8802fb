package token

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

// An Identity is what a token says about who issued it and whom it is for.
type Identity struct {
	Issuer   string // iss
	Audience string // aud
}

// identityMargin is how much longer than any token an identity is remembered, so that Redis is asked once an hour and not
// with each token.
const identityMargin = time.Hour

// Identities remembers in Redis under which identities this installation has issued tokens that may still be alive. An
// administrator may change the issuer or the audience, gate by gate; a token stays valid until it expires all the same, at
// gates that know the new file and at those that do not. Nobody but a registry of the installation can add an identity. It
// is safe for concurrent use; nil remembers nothing.
type Identities struct {
	store *store.Store

	mu    sync.Mutex
	known map[Identity]time.Time // until when it is remembered
}

// NewIdentities returns the identities of an installation.
func NewIdentities(s *store.Store) *Identities {
	return &Identities{store: s, known: map[Identity]time.Time{}}
}

// remember sees to it that Redis knows the identity for as long as a token lives that is about to be issued under it.
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

// includes says whether tokens were issued under the identity that may still be alive. It asks Redis about what it does not
// know: only a token that we have signed brings it here.
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

// until is how long the identity is remembered, as far as is known here.
func (i *Identities) until(identity Identity) time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known[identity]
}
