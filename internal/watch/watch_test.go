package watch

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// soon is more than a change takes to be told, also on a busy machine.
const soon = 5 * time.Second

// told is the pace of a watcher that never looks by itself: all it knows, the kernel tells it.
var told = pace{quiet: usual.quiet, most: usual.most, slow: time.Hour, fast: time.Hour}

// watcher watches files, and has told of them being new.
func watcher(t *testing.T, pace pace, files ...string) *Watcher {
	t.Helper()
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	w := start(slog.New(slog.DiscardHandler), notify, pace)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	watch(t, w, files...)
	return w
}

func watch(t *testing.T, w *Watcher, files ...string) {
	t.Helper()
	if err := w.Watch(files...); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "files that are new in the set")
}

func expect(t *testing.T, w *Watcher, what string) {
	t.Helper()
	select {
	case <-w.Changed():
	case <-time.After(soon):
		t.Fatalf("%s: no change was told", what)
	}
}

// quiet drains what is still to come of an earlier change.
func quiet(w *Watcher) {
	for {
		select {
		case <-w.Changed():
		case <-time.After(4 * usual.quiet):
			return
		}
	}
}

func silent(t *testing.T, w *Watcher, what string) {
	t.Helper()
	select {
	case <-w.Changed():
		t.Fatalf("%s: a change was told", what)
	case <-time.After(6 * usual.quiet):
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// replace writes a file as editors do: a new one, renamed over the old one.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new~", text)
	must(t, os.Rename(path+".new~", path))
}

// changes are ways in which a file changes. Each starts with a file "conf/routes.yaml" in the folder.
var changes = []struct {
	name   string
	change func(t *testing.T, folder string) // told at least once, and then quiet
}{
	{"a plain write", func(t *testing.T, folder string) { write(t, folder+"/conf/routes.yaml", "2") }},
	{"renamed over", func(t *testing.T, folder string) { replace(t, folder+"/conf/routes.yaml", "2") }},
	{"deleted", func(t *testing.T, folder string) { must(t, os.Remove(folder+"/conf/routes.yaml")) }},
	{"moved away", func(t *testing.T, folder string) {
		must(t, os.Rename(folder+"/conf/routes.yaml", folder+"/conf/routes.old"))
	}},
	{"the folder deleted", func(t *testing.T, folder string) { must(t, os.RemoveAll(folder+"/conf")) }},
	{"the folder moved away", func(t *testing.T, folder string) { must(t, os.Rename(folder+"/conf", folder+"/old")) }},
	{"the folder swapped", func(t *testing.T, folder string) {
		write(t, folder+"/new/routes.yaml", "2")
		must(t, os.Rename(folder+"/conf", folder+"/old"))
		must(t, os.Rename(folder+"/new", folder+"/conf"))
	}},
	{"the folder deleted and made again", func(t *testing.T, folder string) {
		must(t, os.RemoveAll(folder+"/conf"))
		write(t, folder+"/conf/routes.yaml", "2")
	}},
	{"a file becomes a link", func(t *testing.T, folder string) {
		write(t, folder+"/elsewhere/other.yaml", "2")
		must(t, os.Remove(folder+"/conf/routes.yaml"))
		must(t, os.Symlink("../elsewhere/other.yaml", folder+"/conf/routes.yaml"))
	}},
}

// Every change is told, and so is the next one, and the one after the file is back where it was.
func TestChanges(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			file := folder + "/conf/routes.yaml"
			write(t, file, "1")
			w := watcher(t, told, file)
			c.change(t, folder)
			expect(t, w, c.name)
			quiet(w)
			write(t, file, "back")
			expect(t, w, "written again")
			quiet(w)
			must(t, os.RemoveAll(folder+"/conf"))
			expect(t, w, "its folder deleted")
			quiet(w)
			write(t, file, "back again")
			expect(t, w, "its folder made again")
			quiet(w)
			replace(t, file, "last")
			expect(t, w, "renamed over in the new folder")
		})
	}
}

// What is written in two steps is told again after the second one.
func TestTruncateThenWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, file, "1")
	w := watcher(t, told, file)
	must(t, os.Truncate(file, 0))
	expect(t, w, "truncated")
	quiet(w)
	write(t, file, "2")
	expect(t, w, "written")
}

// A file that is written step by step is told of when it is whole, also where somebody has read it meanwhile and watches
// on.
func TestManySteps(t *testing.T) {
	name := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, name, "1")
	w := watcher(t, pace{quiet: time.Second / 2, most: time.Hour, slow: time.Hour, fast: time.Hour}, name)
	file, err := os.Create(name)
	must(t, err)
	defer file.Close()
	for range 20 {
		_, err := file.WriteString("2")
		must(t, err)
		must(t, w.Watch(name))
		select {
		case <-w.Changed():
			t.Fatal("half of it was told of")
		case <-time.After(5 * time.Millisecond):
		}
	}
	expect(t, w, "the whole file")
}

// A change of many steps that never pauses is told before its end.
func TestSettleIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	w := watcher(t, pace{quiet: time.Hour, most: 50 * time.Millisecond, slow: time.Hour, fast: time.Hour}, file)
	write(t, file, "1")
	expect(t, w, "a change that is not followed by any quiet")
}

// kubernetes lays files out as the kubelet does: routes.yaml -> ..data/routes.yaml, ..data -> ..N.
func kubernetes(t *testing.T, mount string, n int) {
	t.Helper()
	version := fmt.Sprintf("..2026_%d", n)
	write(t, filepath.Join(mount, version, "routes.yaml"), fmt.Sprint(n))
	must(t, os.Symlink(version, mount+"/..data_tmp"))
	must(t, os.Rename(mount+"/..data_tmp", mount+"/..data"))
	if n > 1 {
		must(t, os.RemoveAll(fmt.Sprintf("%s/..2026_%d", mount, n-1)))
		return
	}
	must(t, os.Symlink("..data/routes.yaml", mount+"/routes.yaml"))
}

// The mount itself is behind a link of an administrator's, with ".." in it.
func TestKubernetesSwap(t *testing.T) {
	folder := t.TempDir()
	mount := folder + "/pod/mount"
	kubernetes(t, mount, 1)
	must(t, os.Mkdir(folder+"/etc", 0o700))
	must(t, os.Symlink("../etc/../pod/mount", folder+"/etc/dcr"))
	w := watcher(t, told, folder+"/etc/dcr/routes.yaml")
	for n := range 5 {
		kubernetes(t, mount, n+2)
		expect(t, w, "swap")
		quiet(w)
		text, err := os.ReadFile(folder + "/etc/dcr/routes.yaml")
		if err != nil || string(text) != fmt.Sprint(n+2) {
			t.Fatalf("got %q, %v", text, err)
		}
	}
	must(t, os.Remove(folder+"/etc/dcr"))
	must(t, os.Symlink("../elsewhere", folder+"/etc/dcr"))
	expect(t, w, "the outer link changed, to a folder that is not there")
	quiet(w)
	write(t, folder+"/elsewhere/routes.yaml", "there")
	expect(t, w, "the folder made")
}

// A file that points to itself is missing, and mended like any other.
func TestLinkLoop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	must(t, os.Symlink("routes.yaml", file))
	w := watcher(t, told, file)
	replace(t, file, "1")
	expect(t, w, "mended")
}

// A folder of the way is missing, and so is the one above it.
func TestMissingFolders(t *testing.T) {
	folder := t.TempDir()
	w := watcher(t, told, folder+"/a/b/c/routes.yaml")
	write(t, folder+"/a/b/c/routes.yaml", "1")
	expect(t, w, "made at once")
	quiet(w)
	write(t, folder+"/a/b/c/routes.yaml", "2")
	expect(t, w, "written")
}

// The folder of routes.yaml holds log files that are written all the time.
func TestUnrelatedFiles(t *testing.T) {
	folder := t.TempDir()
	file := folder + "/routes.yaml"
	write(t, file, "1")
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(file, old, old)) // what is young is told of twice
	write(t, folder+"/access.log", "1")
	w := watcher(t, told, file)
	quiet(w)
	write(t, folder+"/access.log", "2")
	must(t, os.Chmod(folder+"/access.log", 0o644))
	must(t, os.Rename(folder+"/access.log", folder+"/access.log.1"))
	must(t, os.Remove(folder+"/access.log.1"))
	must(t, os.Mkdir(folder+"/state", 0o700))
	if _, err := os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	silent(t, w, "nothing that matters happened")
	must(t, w.Watch(file))
	silent(t, w, "the same set again")
}

// What comes into a folder that is watched itself, and what leaves it, is told at once, by whatever name; and what is
// in its folders is not.
func TestWholeFolder(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "directories")
	must(t, os.MkdirAll(filepath.Join(folder, "inner"), 0o700))
	w := watcher(t, usual, folder+"/")
	quiet(w)
	must(t, os.WriteFile(filepath.Join(folder, "new.yaml"), []byte("a"), 0o600))
	expect(t, w, "a new file")
	quiet(w)
	must(t, os.Rename(filepath.Join(folder, "new.yaml"), filepath.Join(folder, "other.yaml")))
	expect(t, w, "another name")
	quiet(w)
	must(t, os.Remove(filepath.Join(folder, "other.yaml")))
	expect(t, w, "a file less")
	quiet(w)
	must(t, os.WriteFile(filepath.Join(dir, "beside"), []byte("a"), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "inner", "file"), []byte("a"), 0o600))
	silent(t, w, "files elsewhere")
}

func TestPoke(t *testing.T) {
	w := watcher(t, told, filepath.Join(t.TempDir(), "routes.yaml"))
	w.Poke()
	expect(t, w, "poked")
	silent(t, w, "poked once")
}

// A file that left the set is of no interest.
func TestWatchReplaces(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/a/first.yaml", "1")
	write(t, folder+"/b/second.yaml", "1")
	w := watcher(t, told, folder+"/a/first.yaml")
	watch(t, w, folder+"/b/second.yaml")
	quiet(w)
	write(t, folder+"/a/first.yaml", "2")
	silent(t, w, "a file of the set before")
	write(t, folder+"/b/second.yaml", "2")
	expect(t, w, "a file of the set")
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "conf/routes.yaml", "1")
	w := watcher(t, told, "./conf/routes.yaml")
	write(t, "conf/routes.yaml", "2")
	expect(t, w, "written")
}

// What the kernel lost is looked for: its queue overflows while nobody reads it.
func TestOverflow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, file, "1")
	w := watcher(t, told, file)
	quiet(w)
	w.notify.Errors <- fsnotify.ErrEventOverflow
	expect(t, w, "an overflow")
}
