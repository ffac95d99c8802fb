package control

import (
	"github.com/dcr-gateway/dcr-gateway/internal/history"
)

// maxFile bounds each file that is read; the readers of routes and directories have lower bounds of their own.
const maxFile = 16 << 20

// recorder reads files and remembers them, so that a version is the hash of exactly the bytes it was made of.
type recorder struct {
	read  func(path string) ([]byte, error)
	files []history.File
}

func (r *recorder) file(path string) ([]byte, error) {
	text, err := r.read(path)
	// A file that cannot be read is remembered too: when it is there, that is a change.
	r.files = append(r.files, history.File{Path: path, Text: text})
	return text, err
}
