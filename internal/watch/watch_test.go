package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

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

// age makes a file, or a folder, older than any time stamp is coarse.
func age(t *testing.T, path string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(path, old, old))
}

// watched is a set of files that have not changed since it was made.
func watched(t *testing.T, paths ...string) *Files {
	t.Helper()
	f := &Files{}
	f.Set(paths...)
	expect(t, f, "paths that are new in the set")
	silent(t, f, "nothing happened yet")
	return f
}

func expect(t *testing.T, f *Files, what string) {
	t.Helper()
	if !f.Changed(t.Context()) {
		t.Fatalf("%s: no change was noticed", what)
	}
}

func silent(t *testing.T, f *Files, what string) {
	t.Helper()
	if f.Changed(t.Context()) {
		t.Fatalf("%s: a change was noticed", what)
	}
}

// changes are ways in which a file changes. Each starts with a file "conf/routes.yaml" in the folder.
var changes = []struct {
	name   string
	change func(t *testing.T, folder string)
}{
	{"a plain write", func(t *testing.T, folder string) { write(t, folder+"/conf/routes.yaml", "two") }},
	{"renamed over", func(t *testing.T, folder string) { replace(t, folder+"/conf/routes.yaml", "2") }},
	{"truncated", func(t *testing.T, folder string) { must(t, os.Truncate(folder+"/conf/routes.yaml", 0)) }},
	{"deleted", func(t *testing.T, folder string) { must(t, os.Remove(folder+"/conf/routes.yaml")) }},
	{"the folder deleted", func(t *testing.T, folder string) { must(t, os.RemoveAll(folder+"/conf")) }},
	{"the folder swapped", func(t *testing.T, folder string) {
		write(t, folder+"/new/routes.yaml", "2")
		must(t, os.Rename(folder+"/conf", folder+"/old"))
		must(t, os.Rename(folder+"/new", folder+"/conf"))
	}},
	{"a file becomes a link", func(t *testing.T, folder string) {
		write(t, folder+"/elsewhere/other.yaml", "2")
		must(t, os.Remove(folder+"/conf/routes.yaml"))
		must(t, os.Symlink("../elsewhere/other.yaml", folder+"/conf/routes.yaml"))
	}},
}

// Every change is noticed, and so is the one that brings the file back.
func TestChanges(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			file := folder + "/conf/routes.yaml"
			write(t, file, "1")
			f := watched(t, file)
			c.change(t, folder)
			expect(t, f, c.name)
			silent(t, f, c.name+", once")
			must(t, os.RemoveAll(folder+"/conf"))
			f.Changed(t.Context())
			write(t, file, "back")
			expect(t, f, "its folder made again")
		})
	}
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
	kubernetes(t, folder+"/pod/mount", 1)
	must(t, os.Mkdir(folder+"/etc", 0o700))
	must(t, os.Symlink("../etc/../pod/mount", folder+"/etc/dcr"))
	f := watched(t, folder+"/etc/dcr/routes.yaml")
	for n := range 5 {
		kubernetes(t, folder+"/pod/mount", n+2)
		expect(t, f, "swap")
	}
	must(t, os.Remove(folder+"/etc/dcr"))
	must(t, os.Symlink("../elsewhere", folder+"/etc/dcr"))
	expect(t, f, "the outer link leads to a folder that is not there")
	write(t, folder+"/elsewhere/routes.yaml", "there")
	expect(t, f, "the folder made")
}

// A file that is written step by step is reported when it is whole.
func TestManySteps(t *testing.T) {
	name := filepath.Join(t.TempDir(), "routes.yaml")
	write(t, name, "")
	synctest.Test(t, func(t *testing.T) {
		f := watched(t, name)
		file, err := os.Create(name)
		must(t, err)
		written := make(chan error)
		go func() {
			for range 50 {
				_, err := file.WriteString("2")
				time.Sleep(settle * 2 / 3)
				if err != nil {
					written <- err
				}
			}
			written <- file.Close()
		}()
		synctest.Wait()
		expect(t, f, "a file that is being written")
		must(t, <-written)
		silent(t, f, "the whole file was reported")
	})
}

// A file that is written all the time is reported all the same, and a caller that stops does not wait.
func TestWaitIsBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "routes.yaml")
	synctest.Test(t, func(t *testing.T) {
		f := watched(t, name)
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			for n := 1; ctx.Err() == nil; n++ {
				_ = os.WriteFile(name, make([]byte, n%1000), 0o600)
				time.Sleep(settle * 2 / 3)
			}
		}()
		synctest.Wait()
		begun := time.Now()
		expect(t, f, "a file that is written all the time")
		if waited := time.Since(begun); waited != patience*settle {
			t.Errorf("waited for %v", waited)
		}
		stop()
		time.Sleep(settle) // the writer ends
		write(t, name, "last")
		begun = time.Now()
		if !f.Changed(ctx) || time.Since(begun) != 0 {
			t.Errorf("waited for %v although the caller stops", time.Since(begun))
		}
	})
}

// A write that leaves size and time stamp as they were is reported once the stamp is old.
func TestYoungFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		write(t, file, "1")
		must(t, os.Chtimes(file, now, now))
		f := watched(t, file)
		write(t, file, "2")
		must(t, os.Chtimes(file, now, now))
		silent(t, f, "it looks the same")
		time.Sleep(coarse)
		expect(t, f, "it may have been written again")
		silent(t, f, "once")
	})
}

// A file that points to itself is missing.
func TestLinkLoop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes.yaml")
	must(t, os.Symlink("routes.yaml", file))
	f := watched(t, file)
	replace(t, file, "1")
	expect(t, f, "replaced by a file")
}

// The folder of routes.yaml holds log files that are written all the time.
func TestUnrelatedFiles(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/routes.yaml", "1")
	age(t, folder+"/routes.yaml")
	f := watched(t, folder+"/routes.yaml")
	write(t, folder+"/access.log", "2")
	must(t, os.Rename(folder+"/access.log", folder+"/access.log.1"))
	silent(t, f, "another file of the folder")
	f.Set(folder + "/routes.yaml")
	silent(t, f, "the same set again")
}

// Of a folder, what comes into it and what leaves it counts, and what is in its folders does not.
func TestWholeFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "directories")
	must(t, os.MkdirAll(folder+"/inner", 0o700))
	age(t, folder)
	f := watched(t, folder+"/")
	for _, step := range []func() error{
		func() error { return os.WriteFile(folder+"/new.yaml", nil, 0o600) },
		func() error { return os.Rename(folder+"/new.yaml", folder+"/other.yaml") },
		func() error { return os.Remove(folder + "/other.yaml") },
	} {
		must(t, step())
		expect(t, f, "an entry of the folder")
		age(t, folder)
		f.Changed(t.Context())
	}
	must(t, os.WriteFile(folder+"/inner/file", nil, 0o600))
	silent(t, f, "a file elsewhere")
}

// A file that left the set is of no interest, and one that is new in it is read again.
func TestSetReplaces(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/a.yaml", "1")
	write(t, folder+"/b.yaml", "1")
	f := watched(t, folder+"/a.yaml")
	f.Set(folder + "/b.yaml")
	expect(t, f, "new in the set")
	must(t, os.Remove(folder+"/a.yaml"))
	silent(t, f, "a file of the set before")
	must(t, os.Remove(folder+"/b.yaml"))
	expect(t, f, "a file of the set")
}

// Whoever reads a file whenever it is reported has, in the end, read what was written last, however it came there.
func TestNothingIsLost(t *testing.T) {
	file := t.TempDir() + "/conf/routes.yaml"
	write(t, file, "first")
	f := watched(t, file)
	written := make(chan error, 1)
	go func() { written <- churn(file, 300) }()
	for got := ""; got != "last"; {
		if !f.Changed(t.Context()) {
			time.Sleep(time.Millisecond)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		got = string(text)
	}
	must(t, <-written)
}

// churn writes a file again and again, in several ways, and its folder anew now and then.
func churn(file string, times int) error {
	folder := filepath.Dir(file)
	for i := range times {
		if i%7 == 6 {
			if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o700)); err != nil {
				return err
			}
		}
		path := file
		if i%2 == 0 {
			path += ".new~"
		}
		if err := os.WriteFile(path, []byte(fmt.Sprint(i)), 0o600); err != nil {
			return err
		}
		if i%2 == 0 {
			if err := os.Rename(path, file); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(file, []byte("last"), 0o600)
}
