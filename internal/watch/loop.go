package watch

import (
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// listen takes what the kernel tells. It must never wait for anything: fsnotify holds a lock while it hands over some of
// its errors, and whoever adds a folder waits for that lock.
func (w *Watcher) listen(notify *fsnotify.Watcher) {
	events, errs := notify.Events, notify.Errors
	for events != nil || errs != nil {
		select {
		case event, open := <-events:
			if !open {
				events = nil
			} else if w.matters(event.Name) {
				offer(w.kicks)
			}
		case err, open := <-errs:
			if !open {
				errs = nil
				continue
			}
			// An overflow means that events were lost, and any other error may.
			w.log.Warn("what the kernel tells of changes to files is not complete: they are looked at", "error", err)
			offer(w.kicks)
		}
	}
}

// matters says whether an event is of something on the way to a file, or in a folder that is watched itself.
func (w *Watcher) matters(path string) bool {
	seen := w.ways.Load()
	return seen.names[filepath.Base(path)] || seen.whole[filepath.Dir(path)]
}

// run tells of changes.
func (w *Watcher) run() {
	tick := time.NewTicker(min(w.pace.fast, w.pace.slow))
	defer tick.Stop()
	looked := time.Now()
	for {
		kicked := false
		select {
		case <-w.done:
			return
		case <-w.kicks:
			kicked = true
			w.settle()
		case <-tick.C:
			if !w.hurried() && time.Since(looked) < w.pace.slow {
				continue
			}
		}
		w.mu.Lock()
		if changed := w.look(); changed || kicked {
			offer(w.changed)
		}
		w.mu.Unlock()
		looked = time.Now()
	}
}

// settle waits until nothing has happened for a while, so that a change of several steps is told once and seen whole.
func (w *Watcher) settle() {
	latest := time.After(w.pace.most)
	for {
		select {
		case <-w.done:
			return
		case <-latest:
			return
		case <-time.After(w.pace.quiet):
			return
		case <-w.kicks:
		}
	}
}

// hurried says whether the files must be looked at often. A folder that is deleted while somebody works in it does not
// tell of its end, so that a missing file is a reason.
func (w *Watcher) hurried() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blind || w.missing
}
