// Package jwks caches the key sets of directories and of their participants. It says for how long each kind of set may be
// used, and what a caller may look for in it; package fetched does the fetching and caching.
package jwks

import (
	"context"
	"errors"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/fetched"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// ErrUnavailable means that there is no acceptable key set now, but there may be later.
var ErrUnavailable = fetched.ErrUnavailable

const (
	// revokedTTL is how long a revocation may go unnoticed. A client reads its registration or gets a token every few
	// minutes, so this costs the directory one conditional request each time, and at most one a second.
	revokedTTL = time.Second
	// callTTL is how long it may go unnoticed in API calls, which are frequent. The response's Cache-Control may shorten it,
	// down to revokedTTL.
	callTTL = 10 * time.Second
	// justNow is the age up to which a set that lacks a certificate is trusted without a new fetch, because the same caller
	// has just fetched it.
	justNow = time.Second
)

// Key sets live 5 to 15 minutes, and at most an hour while their server is down. An empty set is treated as a server error,
// unless it is an organisation's, which need not have certificates. A set of revoked keys may be empty and must be as fresh
// as the caller demands; while its server is down it is used for at most the minimum life of any set.
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

// Source is safe for concurrent use. The sets that it returns are shared and must not be changed.
type Source struct {
	sets *fetched.Source[jose.KeySet]
}

// New returns a source that fetches through the client. now is the clock.
func New(client *outbound.Client, now func() time.Time) *Source {
	return &Source{sets: fetched.New[jose.KeySet](client, now)}
}

// Keys returns the set at url, fresh or, while the URL fails, stale within the stale limit. If kid is not "" and the set
// lacks it, Keys fetches the set again, at most once a minute per URL, and returns a fresh set even if it still lacks the
// kid. It waits no longer than ctx allows.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Keys(ctx context.Context, url, kid string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &verifying, url, fetched.Need[jose.KeySet]{
		Lacks: func(set jose.KeySet) bool { return kid != "" && !set.KeyIDs[kid] },
	})
}

// KeysListing is Keys with the thumbprint of a certificate instead of a kid, which must be among the tls keys. It does not
// fetch a set again that is less than a second old.
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

// Revoked returns the set of revoked keys at url, which may be empty. It is at most a second old, or five minutes while the
// URL fails.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Revoked(ctx context.Context, url string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &revoked, url, fetched.Need[jose.KeySet]{Within: revokedTTL})
}

// RevokedLately is Revoked for frequent calls: the set may be ten seconds old, or less if its Cache-Control says so.
func (s *Source) RevokedLately(ctx context.Context, url string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &revoked, url, fetched.Need[jose.KeySet]{})
}
