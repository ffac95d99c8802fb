// Package history keeps the last versions of a set of files in a folder, so that a process can start on the last good
// one and an operator can go back to one. It knows nothing of what is in the files.
package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// keep is how many entries are kept, the newest ones. The live one is kept besides.
const keep = 20

// What may be asked of a history and cannot be had.
var (
	ErrNotFound = errors.New("there is no such entry in the history")
	ErrInUse    = errors.New("the history's folder is in use by another process")
)

var versionForm = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

// File is a file as it was read.
type File struct {
	Path string `json:"path"`
	Text []byte `json:"text"`
}

// Entry is one version of the files.
type Entry struct {
	N       int       `json:"n"` // counts up from 1
	Version string    `json:"version"`
	Time    time.Time `json:"time"`
	Note    string    `json:"note,omitempty"`
	Files   []File    `json:"files,omitempty"`
}

// State is what is to be remembered beside the entries.
type State struct {
	Live  int    `json:"live"`            // the entry that is in force; 0 none
	Aside string `json:"aside,omitempty"` // the version on disk that is not to be used until it changes
	Why   string `json:"why,omitempty"`
}

// History is the history in one folder, or in memory.
type History struct {
	dir    string   // empty: in memory
	lock   *os.File // held as long as the history is open
	faults []error

	writing sync.Mutex // held by whoever changes the history; a disk may be slow

	mu      sync.RWMutex // guards what follows, for a short time
	entries []Entry      // oldest first; with their files only in memory
	damaged []string     // files that cannot be read
	last    int          // the highest number there ever was
	state   State
}

// Open opens the history in a folder, which it makes (mode 0700) when there is none, and which must be its own. While
// another process has it open, the error is ErrInUse. Entries that cannot be read are passed over: Faults tells of them.
// Without a folder, the history is kept in memory and ends with the process.
func Open(dir string) (*History, error) {
	h := &History{dir: dir}
	if dir == "" {
		return h, nil
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = syncFolder(filepath.Dir(dir)) // where the folder's own name is
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if h.lock, err = lockFolder(dir); err != nil {
		return nil, fmt.Errorf("history: %s: %w", dir, err)
	}
	if err := h.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %w", err), h.lock.Close())
	}
	return h, nil
}

// Faults says what Open found that it could not read.
func (h *History) Faults() []error { return slices.Clone(h.faults) }

// List returns the entries, newest first, without their files.
func (h *History) List() []Entry {
	h.mu.RLock()
	defer h.mu.RUnlock()
	list := slices.Clone(h.entries)
	for i := range list {
		list[i].Files = nil
	}
	slices.Reverse(list)
	return list
}

// Entry returns an entry with its files. The error is ErrNotFound when there is none of that number.
func (h *History) Entry(n int) (Entry, error) {
	h.mu.RLock()
	i := h.index(n)
	if i < 0 {
		h.mu.RUnlock()
		return Entry{}, ErrNotFound
	}
	entry := h.entries[i]
	h.mu.RUnlock()
	if h.dir == "" {
		entry.Files = cloneFiles(entry.Files)
		return entry, nil
	}
	read, err := readEntry(h.dir, fileName(entry))
	if errors.Is(err, os.ErrNotExist) { // it has made room for a newer one just now
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, fmt.Errorf("history: %w", err)
	}
	return read, nil
}

// index finds an entry by its number.
func (h *History) index(n int) int {
	return slices.IndexFunc(h.entries, func(e Entry) bool { return e.N == n })
}

// State returns what SetState has kept.
func (h *History) State() State {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.state
}

// Close lets another process open the history.
func (h *History) Close() error {
	h.writing.Lock()
	defer h.writing.Unlock()
	if h.lock == nil {
		return nil
	}
	return h.lock.Close()
}

func cloneFiles(files []File) []File {
	files = slices.Clone(files)
	for i := range files {
		files[i].Text = slices.Clone(files[i].Text)
	}
	return files
}
