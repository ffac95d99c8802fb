// Package control manages the active version of a gate's configuration: it watches routes.yaml, activates a valid version,
// keeps the last good one if the file is rejected, rolls back, and reports its status. Use it in a process that has a
// routes file. To read or compare versions use package config; a registry, which has no routes file, does not need control.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/history"
	"github.com/dcr-gateway/dcr-gateway/internal/watch"
)

const (
	lookAgain  = time.Hour   // how long the warnings about a file stay current
	retryAfter = time.Second // after a failure that has nothing to do with the file
)

// A Part runs on a configuration: a gate with its Envoy.
type Part interface {
	// Apply activates a configuration, all of it or nothing: after an error the part still runs on the previous one.
	Apply(ctx context.Context, version *config.Version) error
	// Files returns the absolute paths of further files to watch, such as certificates.
	Files(version *config.Version) []string
	// Changed is called whenever a watched file may have changed, after the configuration has been reloaded.
	Changed(ctx context.Context)
}

// A Follower keeps a part in step with routes.yaml. A rejected file changes nothing. Good versions are kept in a state
// folder, to start on when the file is broken and to roll back to.
type Follower struct {
	path      string
	part      Part
	log       *slog.Logger
	history   *history.History
	temporary string // the state folder that Close removes, if any
	files     watch.Files
	pokes     chan struct{}
	asks      chan ask

	seen   *config.Version // as last read from disk, active or not
	named  []string        // the part's further files for seen
	looked time.Time       // when seen was read

	mu     sync.Mutex
	live   *config.Version
	status Status
}

// ask is a function for the loop to run between two looks at the disk.
type ask struct {
	do   func(ctx context.Context) error
	done chan error
}

// NewFollower returns a follower of the file; state is the folder for past versions, or "" to keep them only until Close.
// Call Load, then Run.
func NewFollower(path, state string, part Part, log *slog.Logger) (*Follower, error) {
	temporary := ""
	if state == "" {
		var err error
		if temporary, err = os.MkdirTemp("", "dcr-gateway-state-"); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		state = temporary
	}
	kept, err := history.Open(state)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state: %w", err), os.RemoveAll(temporary))
	}
	if _, err := kept.List(); err != nil {
		log.Error("the history cannot be read in full", "cause", err.Error())
	}
	return &Follower{
		path: path, part: part, log: log, history: kept, temporary: temporary, pokes: make(chan struct{}, 1), asks: make(chan ask),
		status: Status{File: FileStatus{Path: path}},
	}, nil
}

// Close releases the state folder to other processes.
func (f *Follower) Close() error { return errors.Join(f.history.Close(), os.RemoveAll(f.temporary)) }

// Load activates the first version: the file on disk or, if that is rejected or set aside, the last good version, which it
// logs as an error. It fails if there is neither.
func (f *Follower) Load(ctx context.Context) error {
	failed := f.reload(ctx)
	if f.Live() != nil {
		f.watch()
		return nil
	}
	state := f.history.State()
	if state.Live == 0 {
		if failed == nil {
			failed = errors.New("there is no version to start on")
		}
		return failed
	}
	if err := f.restore(ctx, state.Live); err != nil {
		return errors.Join(failed, err)
	}
	f.log.ErrorContext(ctx, "started on the last good version: the file on disk is not active", "version", f.Live().ID(),
		"entry", state.Live, "cause", f.Status().File.Refused)
	f.watch()
	return nil
}

// Run follows the file until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	tick := time.NewTicker(watch.Interval)
	defer tick.Stop()
	var again <-chan time.Time // set while a retry may succeed although no file changes
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if f.files.Changed(ctx) {
				again = f.look(ctx)
			}
		case <-again:
			again = f.look(ctx)
		case <-f.pokes:
			again = f.look(ctx)
		case a := <-f.asks:
			a.done <- a.do(ctx)
		}
	}
}

// Poke makes the follower look at the files now, as on SIGHUP.
func (f *Follower) Poke() {
	select {
	case f.pokes <- struct{}{}:
	default: // it is about to look
	}
}

// look reloads files that may have changed. The channel says when to retry without a change; nil means never.
func (f *Follower) look(ctx context.Context) (again <-chan time.Time) {
	if err := f.reload(ctx); errors.Is(err, errTemporary) { // the error is in the log and in the status
		again = time.After(retryAfter)
	}
	f.part.Changed(ctx)
	f.watch()
	return again
}

func (f *Follower) watch() {
	files := slices.Concat(f.part.Files(f.Live()), f.named, f.seen.Paths())
	slices.Sort(files)
	f.files.Set(slices.Compact(files)...)
}

// Live returns the active configuration; nil before the first.
func (f *Follower) Live() *config.Version {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

// Status returns what is active, and why the file on disk is not if it is not.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	status := f.status
	status.Healthy = status.File.Refused == "" && f.live != nil
	if !status.Healthy {
		status.Why = "the file on disk is not active"
	}
	return status
}

// reload reads the disk and activates what it finds if that differs from the active version. The error it returns is
// already in the log and the status.
func (f *Follower) reload(ctx context.Context) error {
	if f.unchanged() {
		return nil
	}
	version, err := config.Look(f.path)
	f.seen, f.named, f.looked = version, nil, time.Now()
	if version.File != nil {
		f.named = f.part.Files(version)
	}
	state := f.history.State()
	switch live := f.Live(); {
	case err != nil:
		return f.refuse(ctx, version.ID(), err)
	case version.ID() == state.Aside:
		f.setAside(version.ID(), state.Why)
		return nil
	case live != nil && version.ID() == live.ID():
		return f.accept(version, state)
	}
	if err := f.apply(ctx, version, FromFile); err != nil {
		return f.refuse(ctx, version.ID(), err)
	}
	return f.keep(ctx, version, "saved")
}

// unchanged reports whether the files on disk are those of the active version. Once an hour it says no all the same,
// because warnings about certificates depend on the date.
func (f *Follower) unchanged() bool {
	return f.Status().Healthy && time.Since(f.looked) < lookAgain && f.seen.Unchanged()
}

// apply activates a configuration and logs it.
func (f *Follower) apply(ctx context.Context, version *config.Version, source string) error {
	begun := time.Now()
	if err := f.part.Apply(ctx, version); err != nil {
		return err
	}
	f.mu.Lock()
	f.live = version
	f.status.Version, f.status.Since, f.status.Routes, f.status.Source = version.ID(), time.Now(), len(version.File.Routes), source
	f.status.Entry, f.status.Rollback = 0, 0
	f.status.Reloads++
	f.mu.Unlock()
	f.log.InfoContext(ctx, "routes activated", "version", version.ID(), "routes", len(version.File.Routes), "source", source,
		"warnings", len(version.Warnings), "took_us", time.Since(begun).Microseconds())
	return nil
}

// keep writes the active version to the history.
func (f *Follower) keep(ctx context.Context, version *config.Version, note string) error {
	f.mu.Lock()
	f.status.File = FileStatus{Path: f.path, Version: version.ID(), Warnings: version.Warnings}
	f.mu.Unlock()
	n, err := f.history.Add(history.Entry{Version: version.ID(), Time: time.Now(), Note: note, Files: files(version)})
	if err == nil {
		err = f.history.SetState(history.State{Live: n})
	}
	if err != nil { // it is active all the same
		f.log.ErrorContext(ctx, "the version was not written to the history", "version", version.ID(), "cause", err.Error())
		return nil
	}
	f.mu.Lock()
	f.status.Entry = n
	f.mu.Unlock()
	return nil
}

// accept records that the disk holds the active version: the file was fixed, or now equals what was rolled back to.
func (f *Follower) accept(version *config.Version, state history.State) error {
	f.mu.Lock()
	f.status.File = FileStatus{Path: f.path, Version: version.ID(), Warnings: version.Warnings}
	f.status.Source, f.status.Rollback = FromFile, 0
	f.mu.Unlock()
	return f.history.SetState(history.State{Live: state.Live}) // what was set aside is no longer on disk
}

// files converts the files of a version for the history.
func files(version *config.Version) []history.File {
	list := make([]history.File, len(version.Files))
	for i, file := range version.Files {
		list[i] = history.File(file)
	}
	return list
}
