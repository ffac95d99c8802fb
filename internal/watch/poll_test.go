package watch

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Without the kernel, the files are looked at; and when a folder cannot be watched any more, too.
func TestPolling(t *testing.T) {
	often := pace{quiet: usual.quiet, most: usual.most, slow: time.Hour, fast: 10 * time.Millisecond}
	for _, without := range []string{"the kernel", "a folder"} {
		t.Run(without, func(t *testing.T) {
			folder := t.TempDir()
			var log bytes.Buffer
			var notify *fsnotify.Watcher
			if without == "a folder" {
				var err error
				notify, err = fsnotify.NewWatcher()
				must(t, err)
				must(t, notify.Close()) // every folder is refused from here on
			}
			kubernetes(t, folder, 1)
			w := start(slog.New(slog.NewTextHandler(&log, nil)), notify, often)
			defer w.Close()
			watch(t, w, folder+"/routes.yaml")
			kubernetes(t, folder, 2)
			expect(t, w, "swapped")
			must(t, os.Remove(folder+"/routes.yaml"))
			expect(t, w, "deleted")
			write(t, folder+"/routes.yaml", "3")
			expect(t, w, "back")
			must(t, w.Close())
			if warned := strings.Count(log.String(), "level=WARN"); notify != nil && warned != 1 {
				t.Errorf("got %d warnings, want one: %s", warned, log.String())
			}
		})
	}
}

// A write that leaves size and time stamp as they were is seen by the look after the next.
func TestPollingSeesYoungFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, file, "1")
	w := start(slog.New(slog.DiscardHandler), nil, pace{quiet: usual.quiet, most: usual.most, slow: time.Hour, fast: 20 * time.Millisecond})
	defer w.Close()
	recent := time.Now().Add(100*time.Millisecond - coarse)
	must(t, os.Chtimes(file, recent, recent))
	watch(t, w, file)
	write(t, file, "2")
	must(t, os.Chtimes(file, recent, recent))
	expect(t, w, "the file grew old")
}
