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

// Unusable is the error for a key set that was received and cannot be used, or that does not exist.
type Unusable = fetched.Unusable

// Freshness says how old a set may be, by what depends on it.
type Freshness int

// The values of Freshness.
const (
	Now    Freshness = iota // a registration or a new access token
	Lately                  // a call with an access token; calls are frequent
)

const (
	// revokedTTL is how long a revocation may go unnoticed. A client reads its registration or gets a token every few
	// minutes, so this costs the directory one conditional request each time, and at most one a second.
	revokedTTL = time.Second
	// callTTL is how long it may go unnoticed in API calls, which are frequent. The response's Cache-Control may shorten it,
	// down to revokedTTL.
	callTTL = 10 * time.Second
	// justNow is the age up to which a set that lacks what the caller looks for is trusted without a new fetch, because the
	// same caller has just fetched it.
	justNow = time.Second
)

// Key sets live 5 to 15 minutes, and at most an hour while they cannot be fetched. A set of revoked keys must be as fresh as
// the caller demands; while it cannot be fetched it is used for at most the minimum life of any set.
var (
	active  = fetched.Kind[jose.KeySet]{Read: read, Life: 10 * time.Minute, Least: 30 * time.Second, Stale: time.Hour}
	revoked = fetched.Kind[jose.KeySet]{Read: read, Life: callTTL, Least: revokedTTL, Stale: 5 * time.Minute}
)

// read parses a set. One without keys is a set: its owner has withdrawn all keys.
func read(document []byte) (jose.KeySet, error) {
	set, err := jose.ParseKeySet(document)
	if _, limit := errors.AsType[jose.LimitError](err); limit {
		err = &Unusable{Cause: err}
	}
	return set, err
}

// Source is safe for concurrent use. The sets that it returns are shared and must not be changed.
type Source struct {
	sets   *fetched.Source[jose.KeySet]
	outage time.Duration
}

// New returns a source that fetches through the client. now is the clock. outage is how old a set may be that serves calls
// while it cannot be fetched; 0 means the usual times.
func New(client *outbound.Client, now func() time.Time, outage time.Duration) *Source {
	return &Source{sets: fetched.New[jose.KeySet](client, now), outage: outage}
}

// Keys returns the set at url, fresh or, while fetches fail, stale within the stale limit. If kid is not "" and the set
// lacks it, Keys fetches the set again, at most once a minute per URL, and returns a fresh set even if it still lacks the
// kid. It waits no longer than ctx allows.
// Errors: outbound.ErrForbidden, *Unusable, ErrUnavailable.
func (s *Source) Keys(ctx context.Context, url, kid string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &active, url, fetched.Need[jose.KeySet]{
		Lacks: func(set jose.KeySet) bool { return kid != "" && !set.KeyIDs[kid] },
	})
}

// KeysAgain is Keys for a caller that needs another set than the one it has: a signature does not verify, perhaps because
// a key was replaced under its kid. It shares the limit of one fetch a minute, and does not return a stale set.
func (s *Source) KeysAgain(ctx context.Context, url string) (jose.KeySet, error) {
	return s.sets.Get(ctx, &active, url, fetched.Need[jose.KeySet]{
		Lacks: func(jose.KeySet) bool { return true }, Believed: justNow,
	})
}

// Listing is Keys with the thumbprint of a certificate instead of a kid, which must be among the tls keys. It does not
// fetch a set again that is less than a second old.
func (s *Source) Listing(ctx context.Context, url, thumbprint string, age Freshness) (jose.KeySet, error) {
	return s.sets.Get(ctx, &active, url, fetched.Need[jose.KeySet]{
		Lacks:    func(set jose.KeySet) bool { return thumbprint != "" && !set.TLS[thumbprint] },
		Believed: justNow, Stale: s.stale(age),
	})
}

// Revoked returns the set of revoked keys at url. Now wants it at most a second old, or five minutes while fetches fail;
// for Lately it may be ten seconds old, or less if its Cache-Control says so, and as old as an outage may last.
// Errors: those of Keys.
func (s *Source) Revoked(ctx context.Context, url string, age Freshness) (jose.KeySet, error) {
	need := fetched.Need[jose.KeySet]{Stale: s.stale(age)}
	if age == Now {
		need.Within = revokedTTL
	}
	return s.sets.Get(ctx, &revoked, url, need)
}

// Failing returns why the set of Keys at url is older than its life, or nil if it is not.
func (s *Source) Failing(url string) error { return s.sets.Failing(&active, url) }

// State returns the state of the set of Keys at url.
func (s *Source) State(url string) fetched.State { return s.sets.State(&active, url) }

// Size returns how many sets are in memory.
func (s *Source) Size() int { return s.sets.Size() }

// Overdue says which sets that were asked for within ten minutes are older than their life, because fetches fail.
func (s *Source) Overdue() fetched.Overdue { return s.sets.Overdue(active.Life) }

func (s *Source) stale(age Freshness) time.Duration {
	if age == Lately {
		return s.outage
	}
	return 0
}
