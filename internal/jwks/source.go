// Package jwks keeps the key sets of directories and of their participants: fetched when first needed, refreshed in
// time and on an unknown kid, bounded in every way.
package jwks

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// ErrUnavailable says that no acceptable key set could be had now.
var ErrUnavailable = errors.New("the key set cannot be had now")

// maxURLs is how many key sets are kept. Beyond it the one that has not been asked for the longest is dropped.
const maxURLs = 10_000

// A keeping says how long sets of one kind are kept.
type keeping struct {
	ttl   time.Duration // after which a set is fetched again; the answer's Cache-Control may shorten it, down to least
	least time.Duration
	stale time.Duration // after which a set is not used any more, although it cannot be had anew
	empty bool          // whether a set without any key is acceptable
}

// Source is safe for concurrent use. The sets it returns are shared: they are for reading only.
type Source struct {
	client *outbound.Client
	now    func() time.Time
	limit  int

	mu      sync.Mutex // guards what follows, for moments only
	entries map[place]*list.Element
	used    *list.List // of *entry, last used first
}

// place is where a set is kept: one URL may be asked for keys of several kinds.
type place struct {
	url  string
	kind kind
}

// A kind of a set says how it is kept.
type kind int

const (
	verifying kind = iota // of a directory or a software, to verify signatures
	certified             // of an organisation, for its certificates alone
	revoked
)

// keeping returns how long a set is kept there. Key sets live 5 to 15 minutes, and at most an hour while their server is
// down; an empty one is taken for a mistake of its server, unless it is an organisation's, which need not have
// certificates of its own. A set of revoked keys must be fresh, for each question as it says, and nobody need have revoked
// any; while its server is down it is used no longer than the shortest time that any set may live.
func (p place) keeping() keeping {
	if p.kind == revoked {
		return keeping{ttl: callTTL, least: revokedTTL, stale: 5 * time.Minute, empty: true}
	}
	return keeping{ttl: 10 * time.Minute, least: minTTL, stale: time.Hour, empty: p.kind == certified}
}

// New returns a source that fetches through the client. now is the clock.
func New(client *outbound.Client, now func() time.Time) *Source {
	return &Source{client: client, now: now, limit: maxURLs, entries: map[place]*list.Element{}, used: list.New()}
}

// Keys returns the set at url, fresh or, while the URL cannot be had, stale within the stale limit. If kid is not ""
// and the set lacks it, the set is fetched once more, at most once a cool-down for each URL; a set that lacks it still
// is returned if it is fresh. It waits no longer than ctx lives.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Keys(ctx context.Context, url, kid string) (jose.KeySet, error) {
	return s.lookup(ctx, place{url: url}, question{kid: kid})
}

// KeysListing is Keys with the thumbprint of a certificate in place of a kid: one that is looked for among the tls keys.
// A set that was fetched within the last second is not fetched again for it.
func (s *Source) KeysListing(ctx context.Context, url, thumbprint string) (jose.KeySet, error) {
	return s.lookup(ctx, place{url: url}, question{certificate: thumbprint})
}

// OrganisationKeys is KeysListing of an organisation's set, which may be empty.
func (s *Source) OrganisationKeys(ctx context.Context, url, thumbprint string) (jose.KeySet, error) {
	return s.lookup(ctx, place{url: url, kind: certified}, question{certificate: thumbprint})
}

// Revoked returns the set of revoked keys at url. It may be empty, is a second old at most, and five minutes while the
// URL cannot be had.
// Errors: outbound.ErrForbidden, ErrUnavailable.
func (s *Source) Revoked(ctx context.Context, url string) (jose.KeySet, error) {
	return s.lookup(ctx, place{url: url, kind: revoked}, question{within: revokedTTL})
}

// RevokedLately is Revoked for what is asked all the time: the set may be ten seconds old, or as its Cache-Control says
// if that is less.
func (s *Source) RevokedLately(ctx context.Context, url string) (jose.KeySet, error) {
	return s.lookup(ctx, place{url: url, kind: revoked}, question{})
}

func (s *Source) lookup(ctx context.Context, at place, q question) (jose.KeySet, error) {
	e, err := s.entry(at)
	if err != nil {
		return jose.KeySet{}, err
	}
	if wait := s.begin(ctx, e, q); wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return jose.KeySet{}, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
	return e.answer(s.now(), q)
}

// entry finds or makes the entry of a place. A URL that the client would not ask gets none.
func (s *Source) entry(at place) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, ok := s.entries[at]; ok {
		s.used.MoveToFront(element)
		return element.Value.(*entry), nil
	}
	if err := s.client.Allows(at.url); err != nil {
		return nil, err
	}
	e := &entry{at: at, keeping: at.keeping()}
	s.entries[at] = s.used.PushFront(e)
	if s.used.Len() > s.limit {
		last := s.used.Remove(s.used.Back()).(*entry)
		delete(s.entries, last.at)
	}
	return e, nil
}
