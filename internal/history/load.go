package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

// load reads what is in the folder. What cannot be read is noted; the numbers go on behind it all the same.
func (h *History) load() error {
	names, err := os.ReadDir(h.dir)
	if err != nil {
		return err
	}
	for _, file := range names {
		if isPartial(file.Name()) {
			h.note(os.Remove(filepath.Join(h.dir, file.Name())))
			continue
		}
		n, ok := parseName(file.Name())
		if !ok {
			continue
		}
		h.last = max(h.last, n)
		entry, _, err := readHead(h.dir, file.Name())
		if err == nil && h.index(n) >= 0 {
			err = fmt.Errorf("%s has the number of another entry", file.Name())
		}
		if err != nil {
			h.note(err)
			h.damaged = append(h.damaged, file.Name())
			continue
		}
		h.entries = append(h.entries, entry)
	}
	slices.SortFunc(h.entries, func(a, b Entry) int { return a.N - b.N })
	h.loadState()
	return nil
}

// loadState reads the state. An entry that is not there cannot be the live one.
func (h *History) loadState() {
	text, err := bounded.ReadFile(filepath.Join(h.dir, stateName), maxState)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		h.note(err)
		return
	}
	var state State
	if err := json.Unmarshal(text, &state); err != nil || state.Aside != "" && !versionForm.MatchString(state.Aside) {
		h.note(fmt.Errorf("%s cannot be read", stateName))
		return
	}
	if state.Live != 0 && h.index(state.Live) < 0 {
		h.note(fmt.Errorf("the live entry %d is missing", state.Live))
		state.Live = 0
	}
	h.state = state
}

func (h *History) note(err error) {
	if err != nil {
		h.faults = append(h.faults, fmt.Errorf("history: %w", err))
	}
}
