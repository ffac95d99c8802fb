package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/history"
)

// Rollback activates entry n of the history. What is on disk is set aside until it changes, even across a restart.
func (f *Follower) Rollback(ctx context.Context, n int) error {
	return f.do(ctx, func(ctx context.Context) error {
		aside := f.Status().File.Version
		if err := f.restore(ctx, n); err != nil {
			return err
		}
		why := fmt.Sprintf("rolled back to entry %d", n)
		if aside == f.Live().ID() { // rolled back to what is on disk
			why, aside = "", ""
		}
		if aside != "" {
			f.setAside(aside, why)
		}
		f.mu.Lock()
		f.status.Rollback = n
		f.mu.Unlock()
		f.log.WarnContext(ctx, "rolled back", "entry", n, "version", f.Live().ID(), "set_aside", aside)
		return f.history.SetState(history.State{Live: n, Aside: aside, Why: why})
	})
}

// GiveUp replaces the active version by the latest other one of the history, because Envoy rejected it after it was
// activated. The file is set aside until it changes.
func (f *Follower) GiveUp(ctx context.Context, version, why string) error {
	return f.do(ctx, func(ctx context.Context) error {
		if live := f.Live(); live == nil || live.ID() != version {
			return nil // another version is active by now
		}
		entries, _ := f.history.List() // skips damaged entries
		for _, entry := range entries {
			if entry.Version == version {
				continue
			}
			if err := f.restore(ctx, entry.N); err != nil {
				f.log.ErrorContext(ctx, "an earlier version cannot be activated", "entry", entry.N, "cause", err.Error())
				continue
			}
			_ = f.refuse(ctx, version, errors.New(why))
			return f.history.SetState(history.State{Live: entry.N, Aside: version, Why: why})
		}
		_ = f.refuse(ctx, version, errors.New(why))
		return errors.Join(errors.New("there is no earlier version to go back to"),
			f.history.SetState(history.State{Live: f.Status().Entry, Aside: version, Why: why}))
	})
}

// restore activates an entry of the history.
func (f *Follower) restore(ctx context.Context, n int) error {
	version, err := kept(f.history, n, f.path)
	if err != nil {
		return err
	}
	if err := f.apply(ctx, version, FromHistory); err != nil {
		return fmt.Errorf("entry %d: %w", n, err)
	}
	f.mu.Lock()
	f.status.Entry = n
	f.mu.Unlock()
	return nil
}

// kept returns a version of the history. Names in it are relative to the folder of the followed file.
func kept(versions *history.History, n int, path string) (*config.Version, error) {
	entry, err := versions.Entry(n)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", n, err)
	}
	version, err := restored(entry.Files, path)
	if err == nil && version.ID() != entry.Version {
		err = errors.New("its files are not those of its version")
	}
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", n, err)
	}
	return version, nil
}

// restored makes a version of files from the history.
func restored(files []history.File, path string) (*config.Version, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	list := make([]config.File, len(files))
	for i, file := range files {
		list[i] = config.File(file)
	}
	return config.Restore(filepath.Dir(absolute), list)
}

// History returns the kept versions, newest first.
func (f *Follower) History() []Entry {
	live := f.Status().Entry
	var list []Entry
	entries, _ := f.history.List() // damaged entries were logged at the start
	for _, entry := range entries {
		list = append(list, Entry{N: entry.N, Version: entry.Version, Time: entry.Time, Note: entry.Note, Live: entry.N == live})
	}
	return list
}

// do runs a function in the loop, between two looks at the disk.
func (f *Follower) do(ctx context.Context, what func(ctx context.Context) error) error {
	a := ask{do: what, done: make(chan error, 1)}
	select {
	case f.asks <- a:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
