// Package jwks keeps the key sets of directories and of their participants. How they are fetched and kept is
// internal/fetched's; this package says for how long each kind of set may be used, and what a caller may look for in it.
package jwks

import (
	"context"
	"errors"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/fetched"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// ErrUnavailable says that there is no acceptable key set now, and that there may be one later.
var ErrUnavailable = fetched.ErrUnavailable

const (
	// revokedTTL is how long a revocation may stay unknown. A client asks for its registration or for a token once in
	// minutes, so this costs the directory a conditional request each time, and no more than one a second.
	revokedTTL = time.Second
	// callTTL is how long it may stay unknown to a client's calls, which come all the time: unless the answer's
	// Cache-Control asks for less, down to revokedTTL.
	callTTL = 10 * time.Second
	// justNow is how old a set may be for its lack of a certificate to be believed without a fetch: whoever asks for one
	// has asked without it before.
	justNow = time.Second
)

// Key sets live 5 to 15 minutes, and at most an hour while their server is down. An empty one is taken for a mistake of its
// server, unless it is an organisation's, which need not have certificates of its own. A set of revoked keys must be
// fresh, for each question as it says, and nobody need have revoked any; while its server is down it is used no longer
// than the shortest time that any set may live.
var (
	verifying    = fetched.Kind[jose.KeySet]{Read: notEmpty, Life: 10 * time.Minute, Least: 30 * time.Second, Stale: time.Hour}
	organisation = fetched.Kind[jose.KeySet]{Read: jose.ParseKeySet, Life: 10 * time.Minute, Least: 30 * time.Second, Stale: time.Hour}
	revoked      = fetched.Kind[jose.KeySet]{Read: jose.ParseKeySet, Life: callTTL, Least: revokedTTL, Stale: 5 * time.Minute}
)

func notEmpty(document []byte) (jose.KeySet, error) {
	set, err := jose.ParseKeySet(document)
	if err == nil && len(set.Signing) == 0 && len(set.KeyIDs) == 0 && len(set.Certificates) == 0 {
		err = errors.New("the key set is empty")
	}
	return set, err
}

// Source is safe for concurrent use. The sets it returns are shared: they are for reading only.
type Source struct {
	sets *fetched.Source[jose.KeySet]
}

// New returns a source that fetches through the client. now is the clock.
func New(client *outbound.Client, now func() time.Time) *Source {
	return &Source{sets: fetched.New[jose.KeySet](client, now)}
}

// Keys returns the set at url, fresh or, while the URL fails, stale within the stale limit. If kid is not "" and the set
// lacks it, the set is fetched once more, at most once a minute for each URL; a fresh set that lacks it still is returned.
// It waits no longer than ctx lives.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Keys(ctx context.Context, url, kid string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &verifying, url, fetched.Need[jose.KeySet]{
		Lacks: func(set jose.KeySet) bool { return kid != "" && !set.KeyIDs[kid] },
	})
}

// KeysListing is Keys with the thumbprint of a certificate in place of a kid: one that is looked for among the tls keys.
// A set that was fetched within the last second is not fetched again for it.
func (s *Source) KeysListing(ctx context.Context, url, thumbprint string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &verifying, url, listing(thumbprint))
}

// OrganisationKeys is KeysListing of an organisation's set, which may be empty.
func (s *Source) OrganisationKeys(ctx context.Context, url, thumbprint string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &organisation, url, listing(thumbprint))
}

func listing(thumbprint string) fetched.Need[jose.KeySet] {
	return fetched.Need[jose.KeySet]{
		Lacks:    func(set jose.KeySet) bool { return thumbprint != "" && !set.TLS[thumbprint] },
		Believed: justNow,
	}
}

// Revoked returns the set of revoked keys at url. It may be empty, is a second old at most, and five minutes while the
// URL fails.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Revoked(ctx context.Context, url string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &revoked, url, fetched.Need[jose.KeySet]{Within: revokedTTL})
}

// RevokedLately is Revoked for what is asked all the time: the set may be ten seconds old, or as its Cache-Control says
// if that is less.
func (s *Source) RevokedLately(ctx context.Context, url string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &revoked, url, fetched.Need[jose.KeySet]{})
}
