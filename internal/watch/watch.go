// Package watch tells when files may have changed: files that are written, renamed over, swapped behind symbolic links
// as Kubernetes does it, deleted and made again. Who reads them decides whether they have.
package watch

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pace is how soon a change is told.
type pace struct {
	quiet, most time.Duration // a change is told when nothing happened for so long, or after this at the latest
	slow        time.Duration // between two looks at the files, whatever the kernel tells
	fast        time.Duration // the same, while a file is missing or a folder cannot be watched
}

var usual = pace{quiet: 10 * time.Millisecond, most: 2 * time.Second, slow: 10 * time.Second, fast: time.Second}

// Watcher watches a set of files, among which may be folders, of which everything counts that comes into them or leaves.
// It asks the kernel to tell of changes in their folders and in those of every symbolic link on the way to them, and looks
// at the files now and then all the same: not every file system tells.
type Watcher struct {
	log     *slog.Logger
	pace    pace
	changed chan struct{}
	kicks   chan struct{}        // something happened that may matter
	ways    atomic.Pointer[view] // what the files, links and folders are called, of which events matter
	done    chan struct{}
	loops   sync.WaitGroup

	mu      sync.Mutex // guards what follows
	closed  bool
	notify  *fsnotify.Watcher // nil where the kernel does not tell
	files   []string
	sights  map[string]sight
	missing bool                   // whether a file was not there at the last look
	folders map[string]fs.FileInfo // that are watched, by their path without symbolic links
	blind   bool                   // whether a folder is not watched that should be
}

// New starts a watcher of no files. Where the kernel cannot tell of changes, it logs that and looks every second.
func New(log *slog.Logger) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("the kernel does not tell of changes to files: they are looked at every second", "error", err)
		notify = nil
	}
	return start(log, notify, usual), nil
}

func start(log *slog.Logger, notify *fsnotify.Watcher, pace pace) *Watcher {
	w := &Watcher{
		log: log, pace: pace, notify: notify, blind: notify == nil,
		changed: make(chan struct{}, 1), kicks: make(chan struct{}, 1), done: make(chan struct{}),
	}
	w.ways.Store(&view{})
	w.loops.Go(w.run)
	if notify != nil {
		w.loops.Go(func() { w.listen(notify) })
	}
	return w
}

// Watch replaces the set of files. A missing file is watched for in the nearest folder that is there. A file that was
// not in the set counts as changed, for it may have changed since it was read: Changed tells so.
func (w *Watcher) Watch(files ...string) error {
	absolute := make([]string, len(files))
	for i, file := range files {
		path, err := makeAbsolute(file)
		if err != nil {
			return err
		}
		absolute[i] = path
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return os.ErrClosed
	}
	w.files = absolute
	if w.look() {
		offer(w.kicks) // and not at once: a file that is being written is told of when it is whole
	}
	return nil
}

// Changed returns the channel on which one value says that files may have changed since the last one was received. It
// is never closed.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Poke makes Changed tell of a change, although none was seen.
func (w *Watcher) Poke() { offer(w.kicks) }

// Close ends the watch. It returns when nothing of it runs any more.
func (w *Watcher) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.done)
	var err error
	if w.notify != nil {
		err = w.notify.Close()
	}
	w.mu.Unlock()
	w.loops.Wait()
	return err
}

// offer puts a value into a channel, unless there is one already.
func offer(into chan<- struct{}) {
	select {
	case into <- struct{}{}:
	default:
	}
}

// makeAbsolute leaves the way as it is: "link/.." is not the folder that the link is in.
func makeAbsolute(file string) (string, error) {
	if filepath.IsAbs(file) {
		return file, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return folder + string(filepath.Separator) + file, nil
}
