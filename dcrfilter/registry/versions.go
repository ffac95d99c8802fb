package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

const (
	// keepFor is how long a version is kept after its last use: some Envoys may not have the next version yet.
	keepFor = time.Hour

	// maxEditions limits the versions in memory to those that were used last.
	maxEditions = 32

	// ahead is how many published versions are prepared before their first use. So the first request does not wait, and
	// a missing secret is reported early.
	ahead = 4

	lookEvery  = time.Second
	calmFor    = 2 * time.Second  // without a new version, before versions are prepared: a reload needs the machine itself
	loadTime   = 10 * time.Second // also if the first request gives up earlier
	failedFor  = 200 * time.Millisecond
	faultFor   = time.Minute // how long the status shows a version that is not available
	retryAfter = time.Second // within it a gate republishes what Redis has lost
)

// held is a version in memory, or the reason why it is not available.
type held struct {
	edition *edition
	fault   error
	at      time.Time // of the last use, or of the failure
}

// edition returns the version with this ID, from memory or from Redis. It is loaded once, however many requests wait
// for it.
func (g *Registry) edition(ctx context.Context, id string) (*edition, error) {
	if !config.IsID(id) {
		return nil, fmt.Errorf("the facts name the version %.16q, which no version can have as its ID", id)
	}
	if e, known, err := g.recall(id); known {
		return e, err
	}
	loaded := g.loading.DoChan(id, func() (any, error) {
		loading, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
		defer cancel()
		return g.load(loading, id)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for version %s: %w", config.Short(id), ctx.Err())
	case result := <-loaded:
		e, _ := result.Val.(*edition)
		return e, result.Err
	}
}

// recall answers from memory. It remembers a failure for a moment, so that an unavailable version is not read again
// with every request.
func (g *Registry) recall(id string) (e *edition, known bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h, now := g.editions[id], g.parts.Now()
	switch {
	case h == nil || h.fault != nil && now.Sub(h.at) >= failedFor:
		return nil, false, nil
	case h.fault != nil:
		return nil, true, h.fault
	}
	h.at = now
	return h.edition, true, nil
}

// load reads a version from Redis and keeps it.
func (g *Registry) load(ctx context.Context, id string) (*edition, error) {
	if e, known, err := g.recall(id); known { // another request has loaded it
		return e, err
	}
	e, err := g.make(ctx, id)
	g.forget(nil)
	g.mu.Lock()
	before := g.editions[id]
	g.editions[id] = &held{edition: e, fault: err, at: g.parts.Now()}
	g.mu.Unlock()
	if err != nil && (before == nil || before.fault == nil || before.fault.Error() != err.Error()) {
		g.parts.Log.ErrorContext(ctx, "a version cannot be served", "version", id, "cause", err.Error())
	}
	return e, err
}

// make reads and prepares a version. It recovers from a panic, which would end the process here because this runs
// outside of any request.
func (g *Registry) make(ctx context.Context, id string) (e *edition, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			e, err = nil, fmt.Errorf("a panic with a %T\n%s", fault, debug.Stack()) // its value may quote the files
		}
	}()
	version, err := g.open(ctx, id)
	if err != nil {
		return nil, err
	}
	return g.newEdition(ctx, version)
}

// published reads a version that the gates have published.
func (g *Registry) published(ctx context.Context, id string) (*config.Version, error) {
	packed, err := g.parts.Store.Version(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", config.Short(id), err)
	}
	return config.Unpack(g.parts.Secrets, id, packed)
}

// forget removes versions that were not used for an hour, except those in keep, and the oldest if there are too many.
func (g *Registry) forget(keep []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.parts.Now()
	newest := slices.SortedFunc(maps.Keys(g.editions), func(a, b string) int { return g.editions[b].at.Compare(g.editions[a].at) })
	for i, id := range newest {
		h, limit := g.editions[id], keepFor
		if h.fault != nil {
			limit = faultFor
		}
		if i < maxEditions && (now.Sub(h.at) <= limit || slices.Contains(keep, id)) {
			continue
		}
		if delete(g.editions, id); h.edition != nil {
			h.edition.release()
		}
	}
}

// A calm tells when gates have published nothing new for a while.
type calm struct {
	known map[string]bool // versions, in any order: each gate renews its own
	since time.Time
}

// after reports whether no version is new since calmFor. What the first call finds counts as old.
func (c *calm) after(ids []string, now time.Time) bool {
	first := c.known == nil
	if first {
		c.known = map[string]bool{}
	}
	for _, id := range ids {
		if !c.known[id] && !first {
			c.since = now
		}
		c.known[id] = true
	}
	return now.Sub(c.since) >= calmFor
}

// Run prepares the versions that gates publish, once they publish no more for the moment, and removes unused ones, until ctx
// ends. A request does not wait for that: it loads its version itself.
func (g *Registry) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	var quiet calm
	for {
		ids, err := g.parts.Store.Versions(ctx, ahead)
		if err != nil && !failing && ctx.Err() == nil {
			g.parts.Log.ErrorContext(ctx, "looking for new versions", "cause", err.Error())
		}
		if failing = err != nil; !failing && quiet.after(ids, g.parts.Now()) {
			g.prepare(ctx, ids)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// prepare prepares versions that are not in memory.
func (g *Registry) prepare(ctx context.Context, ids []string) {
	for _, id := range ids {
		g.mu.Lock()
		known := g.editions[id]
		g.mu.Unlock()
		if known == nil || known.fault != nil {
			_, _ = g.edition(ctx, id) // the log and the status show the error
		}
	}
	g.forget(ids)
}

// Status says which versions a registry serves, and what prevents it from serving.
type Status struct {
	Healthy  bool                `json:"healthy"`
	Why      string              `json:"why,omitempty"` // why it is not ready
	Versions []VersionStatus     `json:"versions"`      // in memory, last used first
	Orphans  config.OrphanStatus `json:"orphans"`
	Store    store.Health        `json:"store"`
}

// VersionStatus is the state of one version: loaded, or why it is not.
type VersionStatus struct {
	Version string    `json:"version"`
	Asked   time.Time `json:"asked"` // when it was last used
	Fault   string    `json:"fault,omitempty"`
}

// Status returns the registry's current status.
func (g *Registry) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	status := Status{Healthy: true, Versions: []VersionStatus{}, Orphans: g.orphans.Status(), Store: g.parts.Store.Health()}
	for id, h := range g.editions {
		fault := h.fault
		if fault == nil && !h.edition.ring.Loaded() {
			fault = errors.New("there are no keys for access tokens")
		}
		said := VersionStatus{Version: id, Asked: h.at}
		if fault != nil {
			said.Fault = fault.Error()
			status.Healthy, status.Why = false, "a version cannot be served in full"
		}
		status.Versions = append(status.Versions, said)
	}
	if status.Store.Why != "" {
		status.Healthy, status.Why = false, status.Store.Why
	}
	slices.SortFunc(status.Versions, func(a, b VersionStatus) int { return b.Asked.Compare(a.Asked) })
	return status
}
