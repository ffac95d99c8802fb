// Package watch detects by polling that files may have changed: written, renamed over, deleted, created again, or swapped
// behind symbolic links as Kubernetes does. It works on every file system, and polling a few dozen files costs microseconds.
// The caller reads the files and decides what has changed.
package watch

import (
	"context"
	"io/fs"
	"os"
	"time"
)

// Interval is how often a caller should ask Changed, so that a saved file is noticed well within a second.
const Interval = 20 * time.Millisecond

const (
	settle   = 10 * time.Millisecond // how long files must stay the same before a change is reported
	patience = 200                   // how many such waits at most: a file that is written continuously is reported too
	coarse   = 2 * time.Second       // the coarsest time stamps of a file system: FAT's
)

// Files is a set of files and folders; the zero value is empty. It is not safe for concurrent use.
type Files struct {
	paths []string
	seen  map[string]sight // by path, at the last look
}

// A sight is the state of a file behind all symbolic links.
type sight struct {
	info  fs.FileInfo // nil if the file is missing
	young bool        // written so recently that another write may look the same; it is reported once more later
}

// Set replaces the set. A folder changes when an entry is added to it, renamed or removed. A path that was not in the
// set before counts as changed, because it may have changed since the caller read it.
func (f *Files) Set(paths ...string) { f.paths = paths }

// Changed reports whether a file may have changed since the last call. If so, it first waits, at most two seconds, until no
// file changes any more, so that the caller does not read a half-written file.
func (f *Files) Changed(ctx context.Context) bool {
	if !f.look() {
		return false
	}
	for range patience {
		select {
		case <-ctx.Done():
			return true
		case <-time.After(settle):
		}
		if !f.look() {
			break
		}
	}
	return true
}

// look looks at each file once and reports whether one differs from the last look.
func (f *Files) look() bool {
	now, changed := make(map[string]sight, len(f.paths)), false
	for _, path := range f.paths {
		var s sight
		if info, err := os.Stat(path); err == nil {
			s = sight{info: info, young: time.Since(info.ModTime()) < coarse}
		}
		before, known := f.seen[path]
		changed = changed || !known || !s.same(before)
		now[path] = s
	}
	f.seen = now
	return changed
}

func (s sight) same(as sight) bool {
	if s.info == nil || as.info == nil {
		return s.info == nil && as.info == nil
	}
	return s.young == as.young && os.SameFile(s.info, as.info) && s.info.Size() == as.info.Size() &&
		s.info.ModTime().Equal(as.info.ModTime())
}
