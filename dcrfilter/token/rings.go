package token

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// Rings holds the rings of a process: one for the keys in the store, and one for each list of key files in a version of
// the configuration. Rings are shared by versions. It is safe for concurrent use.
type Rings struct {
	ctx    context.Context // of the process: its end stops the rings
	store  *store.Store
	issues bool
	log    *slog.Logger

	mu    sync.Mutex
	rings map[string]*kept // by its files
}

// kept is a ring that is reloaded until its last user releases it.
type kept struct {
	ring *Ring
	uses int
	stop context.CancelFunc
}

// NewRings returns the rings of a gate or, if issues is set, of a registry. A registry makes the keys in the store; a
// gate only reads them. The metrics of the keys go to the set, which may be nil.
func NewRings(ctx context.Context, s *store.Store, issues bool, log *slog.Logger, set *metric.Set) *Rings {
	r := &Rings{ctx: ctx, store: s, issues: issues, log: log, rings: map[string]*kept{}}
	r.measure(set)
	return r
}

// Use returns the ring of these key files, the first of which signs, or the ring of the keys in the store if files is
// empty. The ring is reloaded until each Use has its Release. An error means that there are no keys (yet); the ring is
// still in use and keeps trying.
func (r *Rings) Use(ctx context.Context, files []string) (*Ring, error) {
	name := nameOf(files)
	r.mu.Lock()
	known := r.rings[name]
	if known == nil {
		following, stop := context.WithCancel(r.ctx)
		known = &kept{ring: r.open(files), stop: stop}
		r.rings[name] = known
		go known.ring.Follow(following, r.log)
	}
	known.uses++
	r.mu.Unlock()
	if known.ring.Loaded() {
		return known.ring, nil
	}
	return known.ring, known.ring.load(ctx, coolDown)
}

// Release ends one use of the ring of these files.
func (r *Rings) Release(files []string) {
	name := nameOf(files)
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.rings[name]; known != nil {
		if known.uses--; known.uses == 0 {
			known.stop()
			delete(r.rings, name)
		}
	}
}

// All returns all rings.
func (r *Rings) All() []*Ring {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Ring
	for _, known := range r.rings {
		all = append(all, known.ring)
	}
	return all
}

func (r *Rings) open(files []string) *Ring {
	switch {
	case len(files) > 0:
		return FileRing(files)
	case r.issues:
		return KeptRing(r.store, time.Now)
	}
	return StoreRing(r.store, time.Now)
}

func nameOf(files []string) string { return strings.Join(files, "\n") }
