package history

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 21, 12, 0, 0, 5, time.UTC)

// version makes the n-th version.
func version(n int) Entry {
	return Entry{
		Version: fmt.Sprintf("%016x", n), Time: at.Add(time.Duration(n) * time.Second), Note: fmt.Sprint("note ", n),
		Files: []File{{Path: "/etc/../../routes.yaml", Text: fmt.Appendf(nil, "routes: %d\n", n)}, {Path: "ca.pem", Text: []byte{0, 0xff, '\n'}}},
	}
}

func open(t *testing.T, dir string) *History {
	t.Helper()
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() }) // also closed by some tests
	return h
}

func add(t *testing.T, h *History, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := h.Add(version(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// numbers lists the entries of a history, newest first.
func numbers(h *History) []int {
	var list []int
	for _, entry := range h.List() {
		list = append(list, entry.N)
	}
	return list
}

func countdown(from, to int) []int {
	var list []int
	for n := from; n >= to; n-- {
		list = append(list, n)
	}
	return list
}

// kinds are the two kinds of histories. What is on disk is closed and opened again before it is looked at.
var kinds = []struct {
	name   string
	dir    func(t *testing.T) string
	reopen func(t *testing.T, h *History) *History
}{
	{"in memory", func(*testing.T) string { return "" }, func(_ *testing.T, h *History) *History { return h }},
	{
		"on disk", func(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "history") },
		func(t *testing.T, h *History) *History {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, h.dir)
		},
	},
}

func TestAddKeepsEntries(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			h := open(t, kind.dir(t))
			if h.List() != nil || h.State() != (State{}) {
				t.Fatalf("a new history has %v, %v", h.List(), h.State())
			}
			given := version(1)
			added, err := h.Add(given)
			want := version(1)
			if want.N = 1; err != nil || !reflect.DeepEqual(added, want) {
				t.Fatalf("got %+v, %v", added, err)
			}
			given.Files[0].Text[0] = '#' // the caller's
			again, err := h.Add(version(1))
			if err != nil || again.N != 1 || again.Files != nil {
				t.Errorf("the same version again: got %+v, %v", again, err)
			}
			add(t, h, 2, 2)
			add(t, h, 1, 1) // back to an older version is a new entry
			h = kind.reopen(t, h)
			if got := numbers(h); !reflect.DeepEqual(got, []int{3, 2, 1}) {
				t.Errorf("got %v", got)
			}
			if head := h.List()[2]; head.Files != nil || head.Note != want.Note || head.Version != want.Version || !head.Time.Equal(want.Time) {
				t.Errorf("got %+v", head)
			}
			for range 2 {
				got, err := h.Entry(1)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("got %+v, %v, want %+v", got, err, want)
				}
				got.Files[0].Text[0] = '#' // a copy
			}
			for _, n := range []int{-1, 0, 4} {
				if _, err := h.Entry(n); !errors.Is(err, ErrNotFound) {
					t.Errorf("entry %d: got %v", n, err)
				}
			}
			if len(h.Faults()) != 0 {
				t.Errorf("got %v", h.Faults())
			}
		})
	}
}

func TestOldEntriesMakeRoom(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			h := open(t, kind.dir(t))
			add(t, h, 1, 3)
			if err := h.SetState(State{Live: 2}); err != nil {
				t.Fatal(err)
			}
			add(t, h, 4, 30)
			h = kind.reopen(t, h)
			if got, want := numbers(h), append(countdown(30, 11), 2); !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if got, err := h.Entry(2); err != nil || got.Version != version(2).Version {
				t.Errorf("the live entry: got %+v, %v", got, err)
			}
			if err := h.SetState(State{Live: 30}); err != nil {
				t.Fatal(err)
			}
			add(t, h, 31, 31)
			h = kind.reopen(t, h)
			if got, want := numbers(h), countdown(31, 12); !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if files, err := filepath.Glob(h.dir + "/*-*.json"); h.dir != "" && (err != nil || len(files) != keep) {
				t.Errorf("got %d files, %v", len(files), err)
			}
		})
	}
}

func TestState(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			h := open(t, kind.dir(t))
			add(t, h, 1, 2)
			want := State{Live: 1, Aside: "00ff", Why: "Envoy: no such\ncluster"}
			if err := h.SetState(want); err != nil {
				t.Fatal(err)
			}
			if err := h.SetState(State{Live: 3}); !errors.Is(err, ErrNotFound) {
				t.Errorf("a live entry that is not there: got %v", err)
			}
			if err := h.SetState(State{Aside: "../x"}); !errors.Is(err, errVersion) {
				t.Errorf("a version that is none: got %v", err)
			}
			h = kind.reopen(t, h)
			if h.State() != want {
				t.Errorf("got %+v", h.State())
			}
			if err := h.SetState(State{}); err != nil || kind.reopen(t, h).State() != (State{}) {
				t.Errorf("got %+v, %v", h.State(), err)
			}
		})
	}
}

func TestAddRefusesVersions(t *testing.T) {
	h := open(t, t.TempDir())
	for _, version := range []string{"", "../../etc", "ABCDEF", "0x1", strings.Repeat("a", 65), "a\n", "a/b"} {
		if _, err := h.Add(Entry{Version: version}); !errors.Is(err, errVersion) {
			t.Errorf("%q: got %v", version, err)
		}
	}
	if numbers(h) != nil {
		t.Errorf("got %v", numbers(h))
	}
}

// What is too large to be read again is not written.
func TestAddRefusesWhatIsTooLarge(t *testing.T) {
	h := open(t, t.TempDir())
	huge := Entry{Version: "0", Files: []File{{Text: make([]byte, maxEntry)}}}
	if _, err := h.Add(huge); err == nil || !strings.Contains(err.Error(), "MiB") {
		t.Errorf("got %v", err)
	}
	if err := h.SetState(State{Why: strings.Repeat("a", maxState)}); err == nil || !strings.Contains(err.Error(), "KiB") {
		t.Errorf("got %v", err)
	}
}

// An entry that did not come to the disk is in no list, and its number is not given again.
func TestAddFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	h := open(t, dir)
	add(t, h, 1, 1)
	away := dir + "-away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Add(version(2)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := h.SetState(State{Live: 1}); !errors.Is(err, os.ErrNotExist) || h.State() != (State{}) {
		t.Errorf("got %v", err)
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	add(t, h, 2, 2)
	if got := numbers(h); !reflect.DeepEqual(got, []int{3, 1}) {
		t.Errorf("got %v", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			h := open(t, kind.dir(t))
			add(t, h, 1, 1)
			var group sync.WaitGroup
			for worker := range 4 {
				group.Go(func() {
					for i := range 15 {
						added, err := h.Add(version(100*worker + i))
						if err != nil {
							t.Error(err)
						}
						if err := h.SetState(State{Live: added.N}); err != nil && !errors.Is(err, ErrNotFound) {
							t.Error(err)
						}
						for _, head := range h.List() {
							got, err := h.Entry(head.N)
							if err == nil && !bytes.Contains(got.Files[0].Text, []byte("routes")) || err != nil && !errors.Is(err, ErrNotFound) {
								t.Errorf("got %+v, %v", got, err)
							}
						}
						h.State()
					}
				})
			}
			group.Wait()
			if h = kind.reopen(t, h); len(h.List()) < keep || h.List()[0].N != 61 || h.State().Live == 0 {
				t.Errorf("got %v, %v", numbers(h), h.State())
			}
		})
	}
}
