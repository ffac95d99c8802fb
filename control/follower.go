// Package control is the life of versions in a gate: it follows routes.yaml, puts a good version in force, keeps the last
// good one where the file is refused, rolls back, and says which is which. What a version is, package config knows.
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
	lookAgain  = time.Hour   // how long the warnings about a file hold
	retryAfter = time.Second // after something failed that has nothing to do with the file
)

// A Part is what runs on a configuration: a gate with its Envoy, or a registry.
type Part interface {
	// Apply puts a configuration in force, all of it or nothing: after an error the part runs on what it ran on before.
	Apply(ctx context.Context, version *config.Version) error
	// Files are those beside the configuration's own that the part wants to hear of, absolute.
	Files(version *config.Version) []string
	// Changed is called whenever some file may have changed, after the configuration was looked at.
	Changed(ctx context.Context)
}

// A Follower keeps a part in step with routes.yaml. A file that is refused changes nothing; the last good version is kept
// in a state folder, for a start with a broken file and to roll back to.
type Follower struct {
	path      string
	part      Part
	log       *slog.Logger
	history   *history.History
	temporary string // the state folder that ends with the follower, if any
	files     watch.Files
	pokes     chan struct{}
	asks      chan ask

	seen   *config.Version // as the disk was read last, be it in force or not
	named  []string        // what that names beside
	looked time.Time       // when it was read

	mu     sync.Mutex
	live   *config.Version
	status Status
}

// ask is something that the loop is to do between two looks at the disk.
type ask struct {
	do   func(ctx context.Context) error
	done chan error
}

// NewFollower returns a follower of the file; state is the folder for past versions, or "" to keep them only until Close.
// Load starts it.
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

// Close lets another process have the state folder.
func (f *Follower) Close() error { return errors.Join(f.history.Close(), os.RemoveAll(f.temporary)) }

// Load puts the first version in force: what is on the disk, or, if that is refused or set aside, the last good version,
// loudly. It fails where there is neither.
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
	f.log.ErrorContext(ctx, "started on the last good version: the file on the disk is not in force", "version", f.Live().ID(),
		"entry", state.Live, "cause", f.Status().File.Refused)
	f.watch()
	return nil
}

// Run follows the file until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	tick := time.NewTicker(watch.Interval)
	defer tick.Stop()
	var again <-chan time.Time // set while what was refused may go well without a change of the files
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

// Poke makes the follower look at the files now: SIGHUP.
func (f *Follower) Poke() {
	select {
	case f.pokes <- struct{}{}:
	default: // it is about to look
	}
}

// look acts on files that may have changed. It returns when to look again though they have not, or nil.
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

// Live is the configuration in force; nil before the first.
func (f *Follower) Live() *config.Version {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

// Status says what is in force, and why the file is not if it is not.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	status := f.status
	status.Healthy = status.File.Refused == "" && f.live != nil
	if !status.Healthy {
		status.Why = "the file on the disk is not in force"
	}
	return status
}

// reload reads the disk and puts it in force if it is another version than the one in force. Its error is in the log
// and in the status already.
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

// unchanged says that all files are as they were when they were read last, and in force. Now and then they are read all
// the same: certificates grow old by themselves.
func (f *Follower) unchanged() bool {
	return f.Status().Healthy && time.Since(f.looked) < lookAgain && f.seen.Unchanged()
}

// apply puts a configuration in force and says so.
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
	f.log.InfoContext(ctx, "routes are in force", "version", version.ID(), "routes", len(version.File.Routes), "source", source,
		"warnings", len(version.Warnings), "took_us", time.Since(begun).Microseconds())
	return nil
}

// keep writes the version that is in force into the history.
func (f *Follower) keep(ctx context.Context, version *config.Version, note string) error {
	f.mu.Lock()
	f.status.File = FileStatus{Path: f.path, Version: version.ID(), Warnings: version.Warnings}
	f.mu.Unlock()
	n, err := f.history.Add(history.Entry{Version: version.ID(), Time: time.Now(), Note: note, Files: kept(version.Files)})
	if err == nil {
		err = f.history.SetState(history.State{Live: n})
	}
	if err != nil { // it is in force all the same
		f.log.ErrorContext(ctx, "the version was not written to the history", "version", version.ID(), "cause", err.Error())
		return nil
	}
	f.mu.Lock()
	f.status.Entry = n
	f.mu.Unlock()
	return nil
}

// accept notes that the disk holds what is in force: after a file was mended, or a roll back was overtaken.
func (f *Follower) accept(version *config.Version, state history.State) error {
	f.mu.Lock()
	f.status.File = FileStatus{Path: f.path, Version: version.ID(), Warnings: version.Warnings}
	f.status.Source, f.status.Rollback = FromFile, 0
	f.mu.Unlock()
	return f.history.SetState(history.State{Live: state.Live}) // what was set aside is not on the disk any more
}

// kept are the files of a version as the history keeps them.
func kept(files []config.File) []history.File {
	list := make([]history.File, len(files))
	for i, file := range files {
		list[i] = history.File(file)
	}
	return list
}
