// Package testkit has what tests of several packages need: a clock, a server of documents, keys that are generated once. Use
// it to replace parts of the outside world, never to replace our own code.
package testkit

import (
	"sync"
	"time"
)

// A Clock moves only when Advance is called. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows the second 1,800,000,000 (15 January 2027).
func NewClock() *Clock { return &Clock{now: time.Unix(1_800_000_000, 0)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
