// Package fetched caches documents by URL, such as key sets. It fetches a document when it is first needed and renews it in
// time, through package outbound's client; it uses the last good one for a while if the server is down, and bounds everything
// that a stranger can cause. Use it for documents that many requests share; fetch one that is needed once with the client.
package fetched

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// ErrUnavailable means that there is no acceptable document now, but there may be later.
var ErrUnavailable = errors.New("the document is temporarily unavailable")

// Unusable is the error for a document that cannot be used although its server has answered as it means to: there is none
// (404, 410), it is too large, or Kind.Read returned an Unusable. That is no outage, so that an earlier document is no
// longer used when its life has ended.
type Unusable struct{ Cause error }

// Error returns the cause's text.
func (u *Unusable) Error() string { return u.Cause.Error() }

// Unwrap returns the cause.
func (u *Unusable) Unwrap() error { return u.Cause }

// maxURLs is how many documents are kept. Beyond it the least recently used one is dropped.
const maxURLs = 10_000

// A Kind says how to parse documents of one kind and how long to keep them.
type Kind[T any] struct {
	Read  func(document []byte) (T, error) // an error rejects the document; it counts as an outage unless it is an Unusable
	Life  time.Duration                    // after which a document is fetched again; Cache-Control may shorten it,
	Least time.Duration                    // but not below this
	Stale time.Duration                    // after which a document is no longer used, although it cannot be renewed
}

// A Need is a caller's demand on a document; the zero value accepts any that is not too old for its kind.
type Need[T any] struct {
	Within   time.Duration // how old the document may be; 0 leaves it to the kind
	Stale    time.Duration // how old it may be while it cannot be renewed; 0 leaves it to the kind
	Lacks    func(T) bool  // reports whether a document lacks what the caller looks for; may be nil
	Believed time.Duration // no further fetch if a document of at most this age lacks it
}

// A Source caches documents of one type and of several kinds. It is safe for concurrent use. The documents that it returns
// are shared and must not be changed.
type Source[T any] struct {
	client  *outbound.Client
	now     func() time.Time
	limit   int
	flights sync.WaitGroup

	entries sync.Map   // place[T] to *entry[T]; reading it takes no lock
	mu      sync.Mutex // held to add to entries
	size    int        // of entries
}

// place is the key of a document: one URL may be used for several kinds.
type place[T any] struct {
	url  string
	kind *Kind[T]
}

// New returns a source that fetches through the client. now is the clock.
func New[T any](client *outbound.Client, now func() time.Time) *Source[T] {
	return &Source[T]{client: client, now: now, limit: maxURLs}
}

// Get returns the document at url, fresh or, while fetches fail, stale within the kind's limit. If the document lacks what
// the caller needs, Get fetches it again, at most once a minute per URL; it returns a fresh document that still lacks it,
// but not a stale one. Get waits no longer than ctx allows, and only if there is room in the Queue that ctx may have.
// Errors: outbound.ErrForbidden, *Unusable, ErrUnavailable.
func (s *Source[T]) Get(ctx context.Context, kind *Kind[T], url string, need Need[T]) (T, error) {
	e, err := s.entry(place[T]{url, kind})
	if err != nil {
		var none T
		return none, err
	}
	document, wait, err := s.ask(ctx, e, need)
	if wait == nil {
		return document, err
	}
	if err := wait.land(ctx); err != nil {
		return document, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answer(s.now(), need)
}

// Overdue says which documents are older than their life, because fetches fail.
type Overdue struct {
	Documents int
	Oldest    time.Duration // age of the oldest one
	Cause     error         // of its last failure
}

// Overdue looks at the documents that were asked for lately.
func (s *Source[T]) Overdue(lately time.Duration) Overdue {
	var found Overdue
	now := s.now()
	for _, value := range s.entries.Range {
		e := value.(*entry[T])
		if now.Sub(time.Unix(0, e.used.Load())) > lately {
			continue
		}
		e.mu.Lock()
		if e.overdue(now) {
			found.Documents++
			if old := now.Sub(e.fetched); old > found.Oldest {
				found.Oldest, found.Cause = old, e.cause
			}
		}
		e.mu.Unlock()
	}
	return found
}

// Failing returns why the document at url is older than its life, or nil if it is not.
func (s *Source[T]) Failing(kind *Kind[T], url string) error {
	known, ok := s.entries.Load(place[T]{url, kind})
	if !ok {
		return nil
	}
	e := known.(*entry[T])
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.overdue(s.now()) {
		return nil
	}
	return e.cause
}

// State says how a document is.
type State struct {
	Fetched  time.Time // when the fetch of the document began; zero before the first that succeeded
	Expires  time.Time // when its life ends: it is fetched again before
	Ends     time.Time // when it is no longer used, if no fetch succeeds any more
	Failures int       // fetches that failed since the last that succeeded
}

// State returns the state of the document at url; the zero value if nobody has asked for it.
func (s *Source[T]) State(kind *Kind[T], url string) State {
	known, ok := s.entries.Load(place[T]{url, kind})
	if !ok {
		return State{}
	}
	e := known.(*entry[T])
	e.mu.Lock()
	defer e.mu.Unlock()
	state := State{Fetched: e.fetched, Expires: e.expires, Failures: e.failures}
	if !e.fetched.IsZero() {
		state.Ends = e.fetched.Add(kind.Stale)
		if e.ended || e.expires.After(state.Ends) {
			state.Ends = e.expires
		}
	}
	return state
}

// Size returns how many documents the source keeps.
func (s *Source[T]) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// Wait returns when no fetch is running.
func (s *Source[T]) Wait() { s.flights.Wait() }

// entry finds or creates the entry of a place. A URL that the client may not fetch gets none.
func (s *Source[T]) entry(at place[T]) (*entry[T], error) {
	now := s.now().UnixNano()
	if known, ok := s.entries.Load(at); ok {
		e := known.(*entry[T])
		e.used.Store(now)
		return e, nil
	}
	if err := s.client.Allows(at.url); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &entry[T]{at: at}
	e.used.Store(now)
	if known, ok := s.entries.LoadOrStore(at, e); ok {
		return known.(*entry[T]), nil
	}
	if s.size++; s.size > s.limit {
		s.drop(at)
	}
	return e, nil
}

// drop drops the least recently used entry other than the given one. s.mu is held.
func (s *Source[T]) drop(but place[T]) {
	var oldest *entry[T]
	for at, value := range s.entries.Range {
		if e := value.(*entry[T]); at != but && (oldest == nil || e.used.Load() < oldest.used.Load()) {
			oldest = e
		}
	}
	if oldest != nil {
		s.entries.Delete(oldest.at)
		s.size--
	}
}

// ask answers a caller from the cache, or returns what to wait for. It starts a fetch if one is needed.
func (s *Source[T]) ask(ctx context.Context, e *entry[T], need Need[T]) (document T, wait *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := s.now()
	next := e.plan(now, need)
	if next != goOn && e.flight == nil { // all callers of one URL share one fetch
		e.flight = newFlight()
		// The fetch is shared: it has the client's own timeout, even if a caller gives up.
		free, etag := context.WithoutCancel(ctx), e.etag
		s.flights.Go(func() { s.fly(free, e, etag) })
	}
	if next == await {
		return document, e.flight, nil
	}
	document, err = e.answer(now, need)
	return document, nil, err
}

// fly fetches an entry's document and stores it.
func (s *Source[T]) fly(ctx context.Context, e *entry[T], etag string) {
	began := s.now()
	document, body, err := s.fetch(ctx, e.at, etag)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.fail(s.now(), err)
	} else {
		e.succeed(began, document, body)
	}
	close(e.flight.ended)
	e.flight = nil
}

func (s *Source[T]) fetch(ctx context.Context, at place[T], etag string) (document T, body outbound.Body, err error) {
	// A panic in this goroutine would end the process, and the document is untrusted.
	defer func() {
		if recover() != nil {
			err = errors.New("reading the document panicked")
		}
	}()
	body, err = s.client.Get(ctx, at.url, etag)
	switch {
	case errors.Is(err, outbound.ErrGone), errors.Is(err, outbound.ErrTooLarge):
		err = &Unusable{err}
	case err == nil && !body.NotModified:
		document, err = at.kind.Read(body.Bytes)
	}
	return document, body, err
}
