package fetched

import (
	"context"
	"fmt"
	"sync"
)

// ErrFull means that too many callers wait already. It is an ErrUnavailable.
var ErrFull = fmt.Errorf("%w: too many callers wait for documents", ErrUnavailable)

// A Queue bounds how many callers wait for documents at one time, so that a slow server holds up only some of them. It is
// safe for concurrent use.
type Queue struct {
	all, each int

	mu      sync.Mutex
	waiting map[string]int // by name
	total   int
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
		return nil, ErrFull
	}
	q.total++
	q.waiting[caller.name]++
	return func() { q.left(caller.name) }, nil
}

func (q *Queue) left(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total--
	if q.waiting[name]--; q.waiting[name] == 0 {
		delete(q.waiting, name)
	}
}
