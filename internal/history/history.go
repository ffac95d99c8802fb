// Package history keeps the last versions of a set of files in a folder that an operator can read. A process starts on the
// last good version if it must, and an operator can roll back. The package does not interpret the files.
//
//	000012-0123456789abcdef/     entry 12, named after the first digits of its version
//	    note.json                when and why it was kept, and the paths of its files
//	    01-routes.yaml           the files as they were, in order
//	    02-openbanking-uk.yaml
//	state.json                   which entry is live
//
// Each is written to a temporary name, synced and renamed, so that after a crash it is complete or absent. A damaged entry is
// skipped, and anything else in the folder is ignored.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// keep is how many of the newest entries are kept, in addition to the live one.
const keep = 20

const (
	noteName  = "note.json"
	stateName = "state.json"
	partial   = ".partial-" // prefix of what is being written or removed
)

// Errors of a History.
var (
	ErrNotFound = errors.New("there is no such entry in the history")
	ErrInUse    = errors.New("the history's folder is in use by another process")
)

var (
	versionForm = regexp.MustCompile(`^[0-9a-f]{1,64}$`)
	entryName   = regexp.MustCompile(`^([0-9]{6,9})-[0-9a-f]{1,16}$`)
)

// File is a file of a version.
type File struct {
	Path string
	Text []byte
}

// Entry is one version of the files.
type Entry struct {
	N       int       `json:"n"` // counts up from 1
	Version string    `json:"version"`
	Time    time.Time `json:"time"`
	Note    string    `json:"note,omitempty"`
	Paths   []string  `json:"files"` // of Files, in order
	Files   []File    `json:"-"`
}

// State is further state that survives a restart.
type State struct {
	Live  int    `json:"live"`            // the entry that is live; 0 if there is none
	Aside string `json:"aside,omitempty"` // the version on disk that is not to be used until it changes
	Why   string `json:"why,omitempty"`
}

// History is the history in one folder.
type History struct {
	dir   string
	lock  *os.File   // held as long as the history is open
	mu    sync.Mutex // guards the folder
	state State
}

// Open opens the history in a folder, which it creates (mode 0700) if it is missing. While another process has it open, the
// error is ErrInUse. If the live entry is damaged or missing, the newest remaining one replaces it, and no version is set
// aside any more: starting on the file on disk is better than not starting.
func Open(dir string) (*History, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(fmt.Errorf("history: %s: %w", dir, err), lock.Close())
	}
	h := &History{dir: dir, lock: lock}
	unfinished, _ := filepath.Glob(h.path(partial + "*")) // the pattern is well-formed, unless the folder's name spoils it
	for _, name := range unfinished {
		_ = os.RemoveAll(name) // harmless, and removed at the next start
	}
	_ = readJSON(h.path(stateName), &h.state) // without it, no entry is live
	if _, err := h.Entry(h.state.Live); err != nil {
		h.state = State{}
		if entries, _ := h.List(); len(entries) > 0 {
			h.state.Live = entries[0].N
		}
	}
	return h, nil
}

// Close releases the folder to other processes.
func (h *History) Close() error { return h.lock.Close() }

func (h *History) path(name string) string { return filepath.Join(h.dir, name) }

// names returns the names of the entries' folders, oldest first.
func (h *History) names() ([]string, error) {
	all, err := os.ReadDir(h.dir) // sorted
	var names []string
	for _, entry := range all {
		if entryName.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

func number(name string) int {
	n, _ := strconv.Atoi(strings.SplitN(name, "-", 2)[0]) // at most nine digits
	return n
}

// List returns the entries with their files, newest first. The error names damaged entries; the others are usable.
func (h *History) List() ([]Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, err := h.names()
	slices.Reverse(names)
	var list []Entry
	for _, name := range names {
		entry, damage := h.read(name)
		if err = errors.Join(err, damage); damage == nil {
			list = append(list, entry)
		}
	}
	return list, err
}

// Entry returns an entry with its files. The error is ErrNotFound if there is no entry of that number.
func (h *History) Entry(n int) (Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, err := h.names()
	if i := slices.IndexFunc(names, func(name string) bool { return number(name) == n }); i >= 0 {
		return h.read(names[i])
	}
	return Entry{}, errors.Join(ErrNotFound, err)
}

func (h *History) read(name string) (e Entry, err error) {
	defer func() {
		if err != nil {
			e, err = Entry{}, fmt.Errorf("history: %s is damaged: %w", name, err)
		}
	}()
	if err := readJSON(filepath.Join(h.dir, name, noteName), &e); err != nil {
		return e, err
	}
	if folderOf(e) != name {
		return e, errors.New("it has the note of another entry")
	}
	for i, path := range e.Paths {
		text, err := os.ReadFile(filepath.Join(h.dir, name, fileName(i, path)))
		if err != nil {
			return e, err
		}
		e.Files = append(e.Files, File{path, text})
	}
	return e, nil
}

func folderOf(e Entry) string { return fmt.Sprintf("%06d-%.16s", e.N, e.Version) }

// fileName returns the name of a file in an entry's folder: its number and the last part of its path.
func fileName(i int, path string) string {
	return fmt.Sprintf("%02d-%s", i+1, strings.Trim(filepath.Base(path), string(filepath.Separator)))
}

// Add stores a version durably under the next number, which it returns. If the newest entry has the same version, Add stores
// nothing. It removes old entries.
func (h *History) Add(e Entry) (int, error) {
	if !versionForm.MatchString(e.Version) {
		return 0, errors.New("history: a version must be 1 to 64 lower-case hexadecimal digits")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	names, err := h.names()
	if err != nil {
		return 0, fmt.Errorf("history: %w", err)
	}
	if len(names) > 0 {
		newest := names[len(names)-1]
		if last, err := h.read(newest); err == nil && last.Version == e.Version {
			return last.N, nil
		}
		e.N = number(newest)
	}
	e.N++
	if err := h.write(e); err != nil {
		return 0, fmt.Errorf("history: %w", err)
	}
	for _, old := range names[:max(0, len(names)+1-keep)] {
		if gone := h.path(partial + old); number(old) != h.state.Live && os.Rename(h.path(old), gone) == nil {
			_ = os.RemoveAll(gone) // a remainder is removed at the next start
		}
	}
	return e.N, nil
}

// write writes an entry's folder.
func (h *History) write(e Entry) error {
	temporary := h.path(partial + folderOf(e))
	err := errors.Join(os.RemoveAll(temporary), os.Mkdir(temporary, 0o700))
	if err != nil {
		return err
	}
	e.Paths = nil
	for i, file := range e.Files {
		e.Paths = append(e.Paths, file.Path)
		err = errors.Join(err, writeFile(filepath.Join(temporary, fileName(i, file.Path)), file.Text))
	}
	err = errors.Join(err, writeJSON(filepath.Join(temporary, noteName), e), durable(temporary))
	if err == nil {
		err = os.Rename(temporary, h.path(folderOf(e)))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	return durable(h.dir)
}

// State returns the state that SetState stored.
func (h *History) State() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

// SetState stores the state durably.
func (h *History) SetState(s State) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s == h.state {
		return nil
	}
	err := writeJSON(h.path(partial+stateName), s)
	if err == nil {
		err = os.Rename(h.path(partial+stateName), h.path(stateName))
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	h.state = s
	return durable(h.dir)
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(text, '\n'))
}

func writeFile(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	return durable(path)
}

// durable syncs a file or a folder to disk.
func durable(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
