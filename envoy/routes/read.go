package routes

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

// maxFile bounds routes.yaml: ten thousand routes fit into it.
const maxFile = 1 << 20

// Read reads routes.yaml. What it returns has its defaults filled in and has passed Validate. Otherwise the error
// names every problem by file, line and column: one syntax error, or all that Validate found.
func Read(path string) (*File, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, err
	}
	file, err := decode(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if file.Dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(source)
	file.Version = hex.EncodeToString(sum[:8])
	file.source = source
	file.fillDefaults()
	if err := file.Validate(); err != nil {
		return nil, fmt.Errorf("%s is refused:\n%w", path, err)
	}
	return file, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(source) > maxFile {
		return nil, fmt.Errorf("%s: is larger than %d KiB", path, maxFile>>10)
	}
	return source, nil
}

// decode reads exactly one YAML document. The library's errors carry line, column and the lines around them.
func decode(source []byte) (*File, error) {
	if err := checkScalars(source); err != nil {
		return nil, err
	}
	var file File
	switch err := strictyaml.Decode(source, &file); {
	case errors.Is(err, strictyaml.ErrEmpty):
		return nil, errors.New("is empty")
	case errors.Is(err, strictyaml.ErrMore):
		return nil, errors.New("holds more than one YAML document")
	case err != nil:
		return nil, err
	}
	return &file, nil
}
