package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// kept counts the open files of this process and the folders that the kernel watches for it.
func kept(t *testing.T) (files, folders int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("only Linux tells how many folders it watches")
	}
	for _, file := range open {
		info, err := os.ReadFile("/proc/self/fdinfo/" + file.Name())
		if err == nil {
			files++
			folders += strings.Count(string(info), "inotify wd:")
		}
	}
	return files, folders
}

// A thousand other sets, and fifty swaps of the folder above, leave as many watches as the first one.
func TestWatchLeaksNothing(t *testing.T) {
	folder := t.TempDir()
	var sets [2][]string
	for i := range 8 {
		file := fmt.Sprintf("%s/%d/conf/%d.pem", folder, i%4, i)
		write(t, file, "1")
		sets[i%2] = append(sets[i%2], file)
	}
	before, _ := kept(t)
	w, err := New(slog.New(slog.DiscardHandler))
	must(t, err)
	defer w.Close()
	must(t, w.Watch(sets[0]...))
	files, folders := kept(t)
	if folders != 2 || files <= before {
		t.Fatalf("got %d watches, want those of 2 folders", folders)
	}
	for i := range 1000 {
		must(t, w.Watch(sets[i%2]...))
		if i%20 == 0 { // the folder that is watched goes with the one above, of which nothing is told
			must(t, os.Rename(folder+"/0", fmt.Sprintf("%s/gone%d", folder, i)))
			must(t, os.MkdirAll(folder+"/0/conf", 0o700))
			must(t, w.Watch(sets[0]...))
		}
	}
	must(t, w.Watch(sets[0]...))
	if files2, folders2 := kept(t); folders2 != folders || files2 > files {
		t.Errorf("got %d watches and %d files, want %d and %d", folders2, files2, folders, files)
	}
	must(t, w.Watch())
	if _, none := kept(t); none != 0 {
		t.Errorf("got %d watches of no files", none)
	}
}

func TestClose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	before := runtime.NumGoroutine()
	files, _ := kept(t)
	for range 20 {
		w, err := New(slog.New(slog.DiscardHandler))
		must(t, err)
		must(t, w.Watch(file))
		write(t, file, "1") // an event is under way
		must(t, w.Close())
		must(t, w.Close())
		w.Poke()
		if err := w.Watch(file); !errors.Is(err, os.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	}
	for range 100 { // a goroutine that was waited for may still be on its last line
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines are left of %d", after, before)
	}
	if after, _ := kept(t); after > files {
		t.Errorf("%d files are left open of %d", after, files)
	}
}

// From the rename to the word of it.
func BenchmarkChange(b *testing.B) {
	folder := b.TempDir()
	file := folder + "/routes.yaml"
	w, err := New(slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	if err := w.Watch(file); err != nil {
		b.Fatal(err)
	}
	<-w.Changed()
	for b.Loop() {
		if err := os.WriteFile(folder+"/new~", nil, 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(folder+"/new~", file); err != nil {
			b.Fatal(err)
		}
		<-w.Changed()
	}
}
