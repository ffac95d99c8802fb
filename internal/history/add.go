package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

var errVersion = errors.New("history: a version must be 1 to 64 lower-case hexadecimal digits")

// Add keeps a version under the next number. It returns when a crash can no longer lose it. A version that the newest
// entry already has is not kept twice: that entry is returned, without its files. Old entries make room.
func (h *History) Add(e Entry) (Entry, error) {
	if !versionForm.MatchString(e.Version) {
		return Entry{}, errVersion
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	if newest := len(h.entries) - 1; newest >= 0 && h.entries[newest].Version == e.Version {
		e = h.entries[newest]
		e.Files = nil
		return e, nil
	}
	h.last++ // also when it fails, for a part of it may have come to the disk
	e.N = h.last
	kept := e
	if h.dir == "" {
		kept.Files = cloneFiles(e.Files)
	} else {
		text, err := encode(e)
		if err == nil {
			err = writeDurably(h.dir, fileName(e), text)
		}
		if err != nil {
			return Entry{}, fmt.Errorf("history: %w", err)
		}
		kept.Files = nil
	}
	h.mu.Lock()
	h.entries = append(h.entries, kept)
	h.mu.Unlock()
	h.prune()
	return e, nil
}

// SetState keeps the state. It returns when a crash can no longer lose it. The error is ErrNotFound when the live entry
// is not in the history.
func (h *History) SetState(s State) error {
	if s.Aside != "" && !versionForm.MatchString(s.Aside) {
		return errVersion
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	if s.Live != 0 && h.index(s.Live) < 0 {
		return ErrNotFound
	}
	if s == h.state {
		return nil
	}
	if h.dir != "" {
		if err := writeState(h.dir, s); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	h.mu.Lock()
	h.state = s
	h.mu.Unlock()
	return nil
}

// prune removes what is older than the newest entries, but for the live one. What cannot be removed is tried again by
// the next Add.
func (h *History) prune() {
	if len(h.entries) <= keep {
		return
	}
	oldest := h.entries[len(h.entries)-keep].N
	gone := func(e Entry) bool {
		return e.N < oldest && e.N != h.state.Live && h.remove(fileName(e))
	}
	left := slices.DeleteFunc(slices.Clone(h.entries), gone)
	h.damaged = slices.DeleteFunc(h.damaged, func(name string) bool {
		n, _ := parseName(name)
		return n < oldest && h.remove(name)
	})
	h.mu.Lock()
	h.entries = left
	h.mu.Unlock()
}

// remove says whether a file is gone.
func (h *History) remove(name string) bool {
	if h.dir == "" {
		return true
	}
	err := os.Remove(filepath.Join(h.dir, name))
	return err == nil || errors.Is(err, os.ErrNotExist)
}
