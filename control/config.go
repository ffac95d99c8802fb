// Package control keeps the parts of the gateway in step with routes.yaml: it reads the file and all that it includes as
// one version, puts a good version in force, keeps the last good one when a file is refused, and says which is which.
package control

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/envoy/lint"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/history"
)

// maxFile bounds each file that is read; the readers of routes and directories have lower bounds of their own.
const maxFile = 16 << 20

// A Config is one version of routes.yaml with everything it includes, and free of errors.
type Config struct {
	File        *routes.File
	Directories []*directory.Directory
	ClientCAs   []byte          // PEM bundle of the CAs that issue client certificates, of all directories together
	Warnings    routes.Problems // what is allowed and should be looked at

	files []history.File // routes.yaml first, then what it includes, in the order it was read
}

// Version is the content hash by which gate, registry and Envoy name this configuration.
func (c *Config) Version() string { return c.File.Version }

// Read reads routes.yaml and the directories and CA files it names. Where a file is at fault the error is
// routes.Problems, with every one of them.
func Read(path string) (*Config, error) {
	disk := &recorder{read: readFile}
	return disk.config(path, true)
}

// Restore makes a configuration of files that were read before, whatever is on the disk by now.
func restore(files []history.File) (*Config, error) {
	if len(files) == 0 {
		return nil, errors.New("the kept version holds no files")
	}
	kept := &recorder{read: func(path string) ([]byte, error) {
		for _, file := range files {
			if file.Path == path {
				return file.Text, nil
			}
		}
		return nil, fmt.Errorf("%s is not part of the kept version", path)
	}}
	return kept.config(files[0].Path, false)
}

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

// config reads everything. strict also asks for what a version that was good before may lack by now: certificates and
// keys that are there, and a clean bill from the linter.
func (r *recorder) config(path string, strict bool) (*Config, error) {
	name := path
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	text, err := r.file(path)
	if err != nil {
		return nil, err
	}
	file, err := routes.Parse(name, text, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	c := &Config{File: file}
	if err := c.readDirectories(r); err != nil {
		return nil, err
	}
	c.files = r.files
	file.Version = version(r.files)
	if !strict {
		return c, nil
	}
	var found routes.Problems
	for _, problem := range lint.Lint(file, c.known(), time.Now()) {
		if problem.Severity == routes.Error {
			found = append(found, problem)
		} else {
			c.Warnings = append(c.Warnings, problem)
		}
	}
	if len(found) > 0 {
		return nil, found
	}
	return c, nil
}

// readDirectories reads all of them, and says of each what is wrong with it.
func (c *Config) readDirectories(r *recorder) error {
	var found routes.Problems
	issuers, names := map[string]bool{}, map[string]bool{}
	for i, name := range c.File.Directories {
		d, err := directory.LoadFrom(r.file, c.File.Abs(name))
		if err == nil && (issuers[d.Issuer] || names[d.Name]) {
			err = errors.New("an earlier directory has its name or its issuer")
		}
		if err != nil {
			found = append(found, c.File.Problem(routes.Error, "directory.invalid", "directories["+strconv.Itoa(i)+"]", "%v", err))
			continue
		}
		issuers[d.Issuer], names[d.Name] = true, true
		c.Directories = append(c.Directories, d)
		c.ClientCAs = append(c.ClientCAs, d.CABundle...)
	}
	if len(found) > 0 {
		return found
	}
	return nil
}

// known is what the linter may find in routes.yaml that only the directories and the profiles know.
func (c *Config) known() lint.Known {
	known := lint.Known{Scopes: map[string][]string{}, Profiles: profile.Names()}
	for _, d := range c.Directories {
		for scope, role := range d.Scopes {
			known.Scopes[scope] = append(known.Scopes[scope], role)
		}
	}
	return known
}

// version is the first 16 hex digits of the SHA-256 of the files' bytes, each after its length.
func version(files []history.File) string {
	hash := sha256.New()
	for _, file := range files {
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(file.Text))))
		hash.Write(file.Text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // read only: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return text, nil
}
