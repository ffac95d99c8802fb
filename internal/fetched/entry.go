package fetched

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

const (
	// coolDown is the least time between two fetches for something that a document lacks, because callers may ask for
	// anything.
	coolDown = time.Minute
	// firstRetry is the pause after a failed fetch. It doubles up to lastRetry with each failure: a server that restarts is
	// asked again soon, one that is down rarely.
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// An entry is the state of one URL.
type entry[T any] struct {
	at   place[T]
	used atomic.Int64 // when it was last asked for, in nanoseconds

	mu       sync.Mutex // guards the fields below; never held while fetching
	document T
	etag     string
	fetched  time.Time // when the fetch of document began; zero before the first
	expires  time.Time
	asked    time.Time // when the last fetch for something the document lacks began, unless it failed
	flight   *flight   // the running fetch, nil if none runs

	failures int       // since the last success
	ended    bool      // one of these failures was an Unusable: the document will not be used when it is stale
	retry    time.Time // before which no fetch begins
	cause    error     // of the last failure
}

// A step is what a caller must do before it gets an answer.
type step int

const (
	goOn  step = iota // nothing: use the document
	renew             // start a fetch, but do not wait for it
	await             // start a fetch and wait
)

// plan decides a caller's step, and begins the cool-down if that is a fetch for something the document lacks. e.mu is held,
// as for all methods below.
func (e *entry[T]) plan(now time.Time, need Need[T]) step {
	paused := now.Before(e.retry)
	if e.fresh(now, need) {
		switch lacks := e.lacks(need); {
		case lacks && e.flight != nil:
			return await
		case lacks && !paused && now.Sub(e.asked) >= coolDown && now.Sub(e.fetched) >= need.Believed:
			e.asked = now
			return await
		case !paused && now.Sub(e.fetched) >= e.until(need).Sub(e.fetched)*4/5: // early, so that no caller has to wait
			return renew
		}
		return goOn
	}
	switch {
	case paused:
		return goOn
	case e.failures > 0 && e.usable(now, need) && !e.lacks(need): // down, perhaps hanging: callers must not wait for it
		return renew
	}
	return await
}

// answer returns the document if it may be used, otherwise the reason.
func (e *entry[T]) answer(now time.Time, need Need[T]) (T, error) {
	// A stale document proves nothing about what it lacks: that may be new.
	if e.fresh(now, need) || e.usable(now, need) && !e.lacks(need) {
		return e.document, nil
	}
	var none T
	_, unusable := errors.AsType[*Unusable](e.cause)
	switch {
	case unusable, errors.Is(e.cause, outbound.ErrForbidden):
		return none, e.cause
	case e.cause != nil:
		return none, fmt.Errorf("%w: %w", ErrUnavailable, e.cause)
	}
	return none, ErrUnavailable
}

// until returns when the document becomes too old for a caller.
func (e *entry[T]) until(need Need[T]) time.Time {
	if end := e.fetched.Add(need.Within); need.Within > 0 && end.Before(e.expires) {
		return end
	}
	return e.expires
}

func (e *entry[T]) fresh(now time.Time, need Need[T]) bool {
	return !e.fetched.IsZero() && now.Before(e.until(need))
}

func (e *entry[T]) usable(now time.Time, need Need[T]) bool {
	return !e.fetched.IsZero() && !e.ended && now.Sub(e.fetched) < cmp.Or(need.Stale, e.at.kind.Stale)
}

// overdue reports whether the document is older than its life, because fetches fail.
func (e *entry[T]) overdue(now time.Time) bool {
	return e.failures > 0 && !e.fetched.IsZero() && !now.Before(e.expires)
}

func (e *entry[T]) lacks(need Need[T]) bool { return need.Lacks != nil && need.Lacks(e.document) }

// succeed stores the result of a fetch that began at the given time.
func (e *entry[T]) succeed(began time.Time, document T, body outbound.Body) {
	if !body.NotModified {
		e.document, e.etag = document, body.ETag
	}
	life := e.at.kind.Life
	if body.MaxAge > 0 {
		life = min(life, max(body.MaxAge, e.at.kind.Least))
	}
	e.fetched, e.expires = began, began.Add(life)
	e.failures, e.ended, e.retry, e.cause = 0, false, time.Time{}, nil
}

// fail keeps the last good document and begins a pause. A failed fetch for something the document lacks begins no
// cool-down, because the server may have it.
func (e *entry[T]) fail(now time.Time, cause error) {
	pause := min(firstRetry<<min(e.failures, 6), lastRetry)
	e.failures++
	_, unusable := errors.AsType[*Unusable](cause)
	e.ended = e.ended || unusable
	e.retry, e.cause, e.asked = now.Add(pause), cause, time.Time{}
}
