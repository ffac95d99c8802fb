package chains

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/fetched"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
)

const (
	// lookEvery is how often the directories of the current version are looked at. Their keys are fetched when they are about
	// to expire, and after a failure as often as it is worth.
	lookEvery = 5 * time.Second
	lookTime  = 4 * time.Second
)

// DirectoryHealth says whether a directory can be reached.
type DirectoryHealth struct {
	Name    string    `json:"name"`
	Why     string    `json:"why,omitempty"`     // why the keys that verify its statements cannot be fetched; "" if they can
	Since   time.Time `json:"since,omitzero"`    // since when Why is not empty
	Overdue int       `json:"overdue,omitempty"` // key sets that should have been fetched again, and could not be
	Oldest  int       `json:"oldest,omitempty"`  // seconds since the oldest of these was fetched
	Cause   string    `json:"cause,omitempty"`   // why that one could not be

	Keys fetched.State `json:"-"` // of the key set that verifies its statements
	Sets int           `json:"-"` // key sets in memory, those of participants too

	Certified time.Time `json:"-"` // when the last of the certificates of its keys ends; zero if it publishes none
}

// Fault is a sentence that says what is wrong with the directory, or "". Key sets that are overdue are none: they may be on a
// participant's own server.
func (h DirectoryHealth) Fault() string {
	if h.Why == "" {
		return ""
	}
	return "the keys of directory " + h.Name + " cannot be fetched: " + h.Why
}

// watch keeps the keys of the directories of the current version, and knows which cannot be had. Whoever registers first
// must not be the one to find out.
type watch struct {
	poke chan struct{} // capacity 1

	mu          sync.Mutex
	directories trust.Directories
	health      map[string]DirectoryHealth
}

func newWatch() *watch {
	return &watch{poke: make(chan struct{}, 1), health: map[string]DirectoryHealth{}}
}

// use replaces the directories, and has them looked at soon.
func (w *watch) use(directories trust.Directories) {
	w.mu.Lock()
	w.directories = directories
	maps.DeleteFunc(w.health, func(name string, _ DirectoryHealth) bool { return directories[name] == nil })
	w.mu.Unlock()
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// FollowDirectories fetches the keys of the directories, at the start, with each new version and in time, until ctx ends. It
// logs when a directory cannot be reached, and when it can be again.
func (p *Policies) FollowDirectories(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-p.watch.poke:
		}
		p.watch.look(ctx, log)
	}
}

func (w *watch) look(ctx context.Context, log *slog.Logger) {
	w.mu.Lock()
	directories := w.directories
	w.mu.Unlock()
	var all sync.WaitGroup
	for _, d := range directories {
		all.Go(func() {
			limited, cancel := context.WithTimeout(ctx, lookTime)
			defer cancel()
			keys, err := d.StatementKeys(limited)
			if ctx.Err() == nil {
				w.note(ctx, d, keys.Certified, err, log)
			}
		})
	}
	all.Wait()
}

// note keeps the health of a directory, and logs what has changed.
func (w *watch) note(ctx context.Context, d *trust.Directory, certified time.Time, err error, log *slog.Logger) {
	now := DirectoryHealth{Name: d.Name, Certified: certified}
	if source, ok := d.Keys.(*jwks.Source); ok {
		if err == nil {
			err = source.Failing(d.JWKS)
		}
		now.Keys, now.Sets = source.State(d.JWKS), source.Size()
		if overdue := source.Overdue(); overdue.Documents > 0 {
			now.Overdue, now.Oldest, now.Cause = overdue.Documents, int(overdue.Oldest/time.Second), overdue.Cause.Error()
		}
	}
	w.mu.Lock()
	before := w.health[d.Name]
	if err != nil {
		now.Why, now.Since = err.Error(), before.Since
		if before.Why == "" {
			now.Since = time.Now()
		}
	}
	if w.directories[d.Name] == d { // no other version has come meanwhile
		w.health[d.Name] = now
	}
	w.mu.Unlock()
	switch {
	case now.Why != "" && before.Why == "":
		log.ErrorContext(ctx, "the keys of a directory cannot be fetched", "directory", d.Name, "cause", now.Why)
	case now.Why == "" && before.Why != "":
		log.InfoContext(ctx, "the keys of a directory are fetched again", "directory", d.Name)
	}
	switch {
	case now.Overdue > 0 && before.Overdue == 0:
		log.WarnContext(ctx, "key sets cannot be fetched again, and serve calls as long as the directory file says", "directory", d.Name, "sets", now.Overdue, "cause", now.Cause)
	case now.Overdue == 0 && before.Overdue > 0:
		log.InfoContext(ctx, "all key sets are fetched again", "directory", d.Name)
	}
}

// Directories returns the health of the directories of the current version, by name.
func (p *Policies) Directories() []DirectoryHealth {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.watch.health), func(a, b DirectoryHealth) int { return strings.Compare(a.Name, b.Name) })
}
