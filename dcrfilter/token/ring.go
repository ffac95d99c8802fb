package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// RefreshEvery is how often a ring reads its source: a key that is removed verifies no longer than that.
const RefreshEvery = 5 * time.Second

const (
	loadTimeout = 5 * time.Second
	coolDown    = time.Second // between two loads that unknown kids ask for
	// coolDownEmpty is the same if there are no keys at all: a gate that started before the first registry.
	coolDownEmpty = 20 * time.Millisecond
)

// errNoKeys means that a ring has no keys, or none yet.
var errNoKeys = errors.New("there are no keys for access tokens")

// Ring is a set of keys, all of which verify and one of which signs. It is loaded from its source (the store, or files)
// in the background and on an unknown kid, at most once a second. If the source fails, the ring keeps its keys. It is
// safe for concurrent use.
type Ring struct {
	source func(ctx context.Context, now time.Time) ([]key, error) // keys in order of preference
	now    func() time.Time
	keys   atomic.Pointer[snapshot]
	stale  atomic.Bool // the last load failed

	loading chan struct{} // semaphore of one: its holder alone may access the fields below
	tried   time.Time
	failed  error
}

func newRing(source func(context.Context, time.Time) ([]key, error), now func() time.Time) *Ring {
	ring := &Ring{source: source, now: now, loading: make(chan struct{}, 1)}
	ring.keys.Store(&snapshot{})
	return ring
}

// Load reads the keys from their source. A ring that was never loaded neither signs nor verifies.
func (r *Ring) Load(ctx context.Context) error { return r.load(ctx, 0) }

// Follow reloads the keys until ctx ends. It logs errors, and keys of the future once.
func (r *Ring) Follow(ctx context.Context, log *slog.Logger) {
	var reported []string
	ticker := time.NewTicker(RefreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		attempt, cancel := context.WithTimeout(ctx, loadTimeout)
		if err := r.Load(attempt); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "token keys were not refreshed", "cause", err.Error())
		}
		cancel()
		if future := r.future(); !slices.Equal(future, reported) {
			if reported = future; len(future) > 0 {
				log.WarnContext(ctx, "token keys were created in the future of Redis' clock and do not count for the rotation; keys drop removes them", "kids", future)
			}
		}
	}
}

// future returns the kids of the keys that were created in the future.
func (r *Ring) future() []string {
	var kids []string
	for _, k := range r.keys.Load().keys {
		if k.future {
			kids = append(kids, k.id)
		}
	}
	return kids
}

// Loaded reports whether the ring has keys.
func (r *Ring) Loaded() bool { return len(r.keys.Load().keys) > 0 }

// JWKS returns the JWK Set of the keys that verify (RFC 7517, section 5). It fails if there are none.
func (r *Ring) JWKS() ([]byte, error) {
	known := r.keys.Load()
	if len(known.keys) == 0 {
		return nil, errNoKeys
	}
	return known.jwks, nil
}

// signing returns the key that signs now.
func (r *Ring) signing() (key, error) {
	if k, ok := r.keys.Load().signing(r.now()); ok {
		return k, nil
	}
	return key{}, errNoKeys
}

// has reports whether the ring still has the key with this kid. A kid is the key's thumbprint, so that it is the same key.
func (r *Ring) has(kid string) bool {
	_, ok := r.keys.Load().sets[kid]
	return ok
}

// verifying returns the set of the one key with this kid. For an unknown kid it reloads once.
func (r *Ring) verifying(ctx context.Context, kid string) (jose.KeySet, error) {
	if set, ok := r.keys.Load().sets[kid]; ok {
		return set, nil
	}
	within := coolDown
	if len(r.keys.Load().keys) == 0 {
		within = coolDownEmpty
	}
	if err := r.load(ctx, within); err != nil {
		return jose.KeySet{}, fmt.Errorf("keys of access tokens: %w", err)
	}
	if set, ok := r.keys.Load().sets[kid]; ok {
		return set, nil
	}
	return jose.KeySet{}, fmt.Errorf("%w: no key of ours has this kid", ErrInvalid)
}

// load reads the source, unless it was read within the given time; it then returns the result of that read.
func (r *Ring) load(ctx context.Context, within time.Duration) error {
	select {
	case r.loading <- struct{}{}:
		defer func() { <-r.loading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if since := r.now().Sub(r.tried); since >= 0 && since < within {
		return r.failed
	}
	r.tried = r.now()
	keys, err := r.source(ctx, r.tried)
	if err == nil {
		var fresh *snapshot
		if fresh, err = newSnapshot(keys); err == nil {
			r.keys.Store(fresh)
		}
	}
	r.failed = err
	r.stale.Store(err != nil)
	return err
}
