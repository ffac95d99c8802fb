package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

const (
	lockName  = "lock"
	stateName = "state.json"
	partial   = ".partial-" // of files that are being written

	maxEntry = 64 << 20 // bytes of an entry's file
	maxState = 1 << 20
)

// readHead reads an entry without its files, and checks the whole of its file.
func readHead(dir, name string) (Entry, []byte, error) {
	text, err := bounded.ReadFile(filepath.Join(dir, name), maxEntry)
	if err != nil {
		return Entry{}, nil, err
	}
	entry, files, err := decode(text)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("%s %w", name, err)
	}
	if fileName(entry) != name {
		return Entry{}, nil, fmt.Errorf("%s is the file of another entry", name)
	}
	return entry, files, nil
}

// readEntry reads an entry with its files.
func readEntry(dir, name string) (Entry, error) {
	entry, files, err := readHead(dir, name)
	if err != nil {
		return Entry{}, err
	}
	if err := json.Unmarshal(files, &entry.Files); err != nil {
		return Entry{}, fmt.Errorf("%s: its files cannot be read", name)
	}
	return entry, nil
}

// writeState writes the state's file.
func writeState(dir string, s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if len(text) > maxState {
		return fmt.Errorf("the state is more than %d KiB", maxState>>10)
	}
	return writeDurably(dir, stateName, append(text, '\n'))
}

// writeDurably writes a file whole or not at all, whenever the machine stops.
func writeDurably(dir, name string, text []byte) (err error) {
	file, err := os.CreateTemp(dir, partial+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // it is gone, or removed when the history is opened next
		}
	}()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// lockFolder locks a folder for as long as the file that it returns is open, at most until the process ends.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// isPartial says whether a file was being written when the process or the machine stopped.
func isPartial(name string) bool { return strings.HasPrefix(name, partial) }
