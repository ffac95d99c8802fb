package watch

import (
	"errors"
	"io/fs"
	"os"
)

// maxLooks bounds how often one look starts again because folders were swapped under it.
const maxLooks = 5

// look watches the folders that matter now and says whether a file is not as it was at the last look. Files are looked
// at after their folders are watched, so that a change is either seen or told. The lock must be held.
func (w *Watcher) look() bool {
	if w.closed {
		return false
	}
	now := lookAt(w.files)
	for range maxLooks {
		ways := now
		w.ways.Store(&ways)
		w.watchFolders(now.folders)
		before := now
		if now = lookAt(w.files); now.sameWays(before) {
			return w.compare(now)
		}
	}
	offer(w.kicks) // they are still being swapped
	return w.compare(now)
}

// compare keeps what was seen and says whether it is not what was seen before.
func (w *Watcher) compare(now view) bool {
	changed := false
	for file, sight := range now.sights {
		before, known := w.sights[file]
		changed = changed || !known || !sight.same(before)
	}
	w.sights, w.missing = now.sights, now.missing()
	return changed
}

// watchFolders watches these folders and no others.
func (w *Watcher) watchFolders(wanted map[string]fs.FileInfo) {
	if w.notify == nil {
		return
	}
	for path, info := range w.folders {
		if now := wanted[path]; now == nil || !os.SameFile(now, info) {
			// The folder may be gone, and the watch with it.
			_ = w.notify.Remove(path)
		}
	}
	w.folders = wanted
	var failed error
	for path := range wanted {
		// Also one that is known: it may have been deleted and made again, with its old number.
		if err := w.notify.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	}
	if failed != nil && !w.blind {
		w.log.Warn("a folder cannot be watched: its files are looked at every second", "error", failed)
	}
	w.blind = failed != nil
}
