package fetched

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ErrFull means that too many callers wait already. It is an ErrUnavailable.
var ErrFull = fmt.Errorf("%w: too many callers wait for documents", ErrUnavailable)

// A Queue bounds how many callers wait for documents of slow servers at one time. It is safe for concurrent use.
type Queue struct {
	all, each int

	mu      sync.Mutex
	waiting map[string]int // by name
	total   int
	full    uint64
}

// NewQueue returns a queue for this many callers, and for this many of one name.
func NewQueue(all, each int) *Queue {
	return &Queue{all: all, each: each, waiting: map[string]int{}}
}

// As returns a context with which Get waits in this queue under the name, or fails with ErrFull at once.
func (q *Queue) As(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, ticketKey{}, ticket{q, name})
}

type ticketKey struct{}

// A ticket lets a caller wait in a queue.
type ticket struct {
	queue *Queue
	name  string
}

// quick is how long a fetch may take before those who wait for it count: most servers answer sooner.
const quick = 300 * time.Millisecond

// A flight is a running fetch.
type flight struct {
	ended chan struct{} // closed when it ends
	slow  chan struct{} // closed when it takes longer than most
}

func newFlight() *flight {
	f := &flight{ended: make(chan struct{}), slow: make(chan struct{})}
	time.AfterFunc(quick, func() { close(f.slow) })
	return f
}

// land waits for the end of the flight, in the caller's queue once the flight is slow.
func (f *flight) land(ctx context.Context) error {
	if ended, err := f.within(ctx, f.slow); ended || err != nil {
		return err
	}
	leave, err := join(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = f.within(ctx, nil)
	return err
}

// within waits until the flight has ended or the time is over.
func (f *flight) within(ctx context.Context, over <-chan struct{}) (ended bool, err error) {
	select {
	case <-f.ended:
		return true, nil
	default: // first of all, for select chooses at random
	}
	select {
	case <-f.ended:
		return true, nil
	case <-over:
		return false, nil
	case <-ctx.Done():
		return false, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// join puts the caller into its queue, if it has one, until leave is called.
func join(ctx context.Context) (leave func(), err error) {
	caller, queued := ctx.Value(ticketKey{}).(ticket)
	if !queued {
		return func() {}, nil
	}
	q := caller.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.total >= q.all || q.waiting[caller.name] >= q.each {
		q.full++
		return nil, ErrFull
	}
	q.total++
	q.waiting[caller.name]++
	return func() { q.left(caller.name) }, nil
}

// QueueState says how full a queue is.
type QueueState struct {
	Waiting, Most int    // callers now, and at most
	Refused       uint64 // callers that found no place since the start
}

// State returns the state of the queue.
func (q *Queue) State() QueueState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueState{Waiting: q.total, Most: q.all, Refused: q.full}
}

func (q *Queue) left(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total--
	if q.waiting[name]--; q.waiting[name] == 0 {
		delete(q.waiting, name)
	}
}
