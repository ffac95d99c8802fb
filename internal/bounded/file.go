// Package bounded reads files that somebody else has written, and no more of them than there can be.
package bounded

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ReadFile reads a file of at most so many bytes. A larger one is an error that names it without its folder.
func ReadFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // read only: nothing can be lost
	return Read(file, filepath.Base(path), most)
}

// Read is ReadFile of what is open already, by a name.
func Read(from io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return text, nil
}
