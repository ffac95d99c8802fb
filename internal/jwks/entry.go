package jwks

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

const (
	// coolDown is the least time between two fetches for the sake of an unknown kid: kids are invented freely.
	coolDown = time.Minute

	// revokedTTL is how long a revocation may stay unknown. A software asks for its registration or for a token once in
	// minutes, so this costs the directory a conditional request each time, and no more than one a second.
	revokedTTL = time.Second
	// callTTL is how long it may stay unknown to a client's calls, which come all the time: unless the answer's
	// Cache-Control asks for less, down to revokedTTL.
	callTTL = 10 * time.Second
	// minTTL is the shortest time a set of keys is kept, whatever its Cache-Control says.
	minTTL = 30 * time.Second
	// justNow is how old a set may be for its lack of a certificate to be believed without a fetch.
	justNow = time.Second
	// firstRetry is the pause after a fetch that failed. It doubles up to lastRetry with each that fails: a directory
	// that was restarted is asked soon, one that is down is asked seldom.
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// An entry is what is known of one URL.
type entry struct {
	at      place
	keeping keeping

	mu      sync.Mutex // guards what follows, for moments only: never while fetching
	set     jose.KeySet
	etag    string
	fetched time.Time // when the fetch of set began; zero before the first
	expires time.Time
	asked   time.Time     // when a fetch for an unknown kid last began, if it did not fail
	flight  chan struct{} // closed when the running fetch ends; nil when none runs

	failures int       // since the last success
	retry    time.Time // before which no fetch begins
	cause    error     // of the last failure
}

// A question is what is asked of a set.
type question struct {
	kid         string        // of a key that the set should have; "" for none
	certificate string        // of a tls key that the set should have, likewise
	within      time.Duration // how old the set may be; 0 for as old as its keeping lets it
}

// A step is what a caller has to do before the answer.
type step int

const (
	goOn  step = iota // nothing: what is known will do
	renew             // have the set fetched, without waiting for it
	await             // have the set fetched and wait
)

// plan decides a caller's step and begins the cool-down if that is a fetch for what the set lacks. e.mu is held.
func (e *entry) plan(now time.Time, q question) step {
	paused := now.Before(e.retry)
	if e.fresh(now, q) {
		switch {
		case e.lacks(q) && e.flight != nil:
			return await
		case e.lacks(q) && !paused && now.Sub(e.asked) >= coolDown && !e.believed(now, q):
			e.asked = now
			return await
		case !paused && now.Sub(e.fetched) >= e.until(q).Sub(e.fetched)*4/5: // early, so that nobody has to wait
			return renew
		}
		return goOn
	}
	switch {
	case paused:
		return goOn
	case e.failures > 0 && e.usable(now) && !e.lacks(q): // down, perhaps hanging: callers need not feel it
		return renew
	}
	return await
}

// answer returns the set if it may be used, or why there is none.
func (e *entry) answer(now time.Time, q question) (jose.KeySet, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Stale, the set says nothing about keys it lacks: they may be new.
	if e.fresh(now, q) || e.usable(now) && !e.lacks(q) {
		return e.set, nil
	}
	if errors.Is(e.cause, outbound.ErrForbidden) {
		return jose.KeySet{}, e.cause
	}
	if e.cause != nil {
		return jose.KeySet{}, fmt.Errorf("%w: %w", ErrUnavailable, e.cause)
	}
	return jose.KeySet{}, ErrUnavailable
}

// until is when the set is too old for a question.
func (e *entry) until(q question) time.Time {
	if end := e.fetched.Add(q.within); q.within > 0 && end.Before(e.expires) {
		return end
	}
	return e.expires
}

func (e *entry) fresh(now time.Time, q question) bool {
	return !e.fetched.IsZero() && now.Before(e.until(q))
}

func (e *entry) usable(now time.Time) bool {
	return !e.fetched.IsZero() && now.Sub(e.fetched) < e.keeping.stale
}

func (e *entry) lacks(q question) bool {
	return q.kid != "" && !e.set.KeyIDs[q.kid] || q.certificate != "" && !e.set.TLS[q.certificate]
}

// believed says whether a certificate that the set lacks was looked for just now: whoever asks for one has asked without
// it before.
func (e *entry) believed(now time.Time, q question) bool {
	return q.certificate != "" && now.Sub(e.fetched) < justNow
}

// succeed takes over what a fetch that began at the given time has brought. e.mu is held.
func (e *entry) succeed(began time.Time, set jose.KeySet, body outbound.Body) {
	if !body.NotModified {
		e.set, e.etag = set, body.ETag
	}
	ttl := e.keeping.ttl
	if body.MaxAge > 0 {
		ttl = min(ttl, max(body.MaxAge, e.keeping.least))
	}
	e.fetched, e.expires = began, began.Add(ttl)
	e.failures, e.retry, e.cause = 0, time.Time{}, nil
}

// fail keeps the last good set and begins a pause. A fetch for an unknown kid that failed does not begin the cool-down:
// the key may be there. e.mu is held.
func (e *entry) fail(now time.Time, cause error) {
	pause := min(firstRetry<<min(e.failures, 6), lastRetry)
	e.failures++
	e.retry, e.cause, e.asked = now.Add(pause), cause, time.Time{}
}
