// Package bounded reads files up to a size limit. Use it for every file that the product did not write itself.
package bounded

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ReadFile reads a file of at most the given number of bytes. For a larger file the error has its base name.
func ReadFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // read only: nothing can be lost
	return Read(file, filepath.Base(path), most)
}

// Read is ReadFile for a file that is open already; errors use the name.
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
