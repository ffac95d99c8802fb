package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

const (
	// maxFile bounds each file; the readers of routes and directories have lower bounds.
	maxFile = 16 << 20

	// MaxSize bounds the bytes of all files of a version together, so that it fits into Redis.
	MaxSize = 32 << 20
)

// A File is a file of a version. Its name is relative to the folder of routes.yaml, or absolute if a file names it so. A
// name that ends in a slash is a directory's, and its text the list of the YAML files in it.
type File struct {
	Path string
	Text []byte
}

// Certificates names each certificate of a PEM file, by its subject and its SHA-256.
func (f File) Certificates() (names []string) {
	all, _ := pemfile.Certificates(f.Text) // a version was read from it
	for _, one := range all {
		names = append(names, fmt.Sprintf("%s (SHA-256 %.8x)", one.Subject, sha256.Sum256(one.Raw)))
	}
	return names
}

// A source reads the files of a version. It reads each file once, so that a version is the hash of exactly the bytes that
// it was made from.
type source struct {
	read  func(name string) ([]byte, error)
	files []File // in reading order; the first is routes.yaml
	errs  []error
	size  int
}

// file returns a file's text. It also records an unreadable file, so that its appearance counts as a change.
func (s *source) file(name string) ([]byte, error) {
	if i := slices.IndexFunc(s.files, func(f File) bool { return f.Path == name }); i >= 0 {
		return s.files[i].Text, s.errs[i]
	}
	text, err := s.read(name)
	if s.size += len(text); err == nil && s.size > MaxSize {
		text, err = nil, fmt.Errorf("%s: all files together are larger than %d MiB", name, MaxSize>>20)
	}
	s.files, s.errs = append(s.files, File{Path: name, Text: text}), append(s.errs, err)
	return text, err
}

// readFile reads a file. For a path that ends in a slash it returns the directory's listing, one .yaml name per line, so that
// adding a file changes the version.
func readFile(path string) ([]byte, error) {
	if !strings.HasSuffix(path, "/") {
		return bounded.ReadFile(path, maxFile)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var listing []byte
	for _, entry := range entries { // sorted by name
		if name := entry.Name(); strings.HasSuffix(name, ".yaml") && !strings.HasPrefix(name, ".") && !entry.IsDir() {
			listing = append(listing, name+"\n"...)
		}
	}
	return listing, nil
}

// included is a file that routes.yaml includes, with the YAML path that names it.
type included struct{ path, where string }

// expand returns the files of a list of files and directories. It skips what cannot be listed: the reader of routes.yaml
// has reported it as missing.
func (s *source) expand(key string, names []string) []included {
	var all []included
	for i, name := range names {
		where := key + "[" + strconv.Itoa(i) + "]"
		clean := path.Clean(name)
		if !strings.HasSuffix(name, "/") {
			all = append(all, included{clean, where})
			continue
		}
		listing, err := s.file(clean + "/")
		if err != nil {
			continue
		}
		for file := range strings.Lines(string(listing)) {
			all = append(all, included{path.Join(clean, strings.TrimSpace(file)), where})
		}
	}
	return all
}

// identify returns the SHA-256 of the files, in hex: of each file's name and text, each preceded by its length. The names
// are those by which files are included, so that equal files have the same version in any directory. The name of
// routes.yaml itself does not count.
func identify(files []File) string {
	hash := sha256.New()
	for i, file := range files {
		if i == 0 {
			file.Path = ""
		}
		for _, part := range [][]byte{[]byte(file.Path), file.Text} {
			hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			hash.Write(part)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}
