package directory

import (
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

//go:embed *.yaml
var shipped embed.FS

// maxFile bounds a file that is read, in bytes: a bundle of all European trust service providers' CAs is about 1 MB.
const maxFile = 4 << 20

// maxExtends bounds how many files extend one another.
const maxExtends = 4

// file is a directory's file. One that extends a shipped directory need only say what differs: what it gives replaces
// the other's, except for the names in claims, which it changes one by one.
type file struct {
	Extends       string `yaml:"extends"`
	dcr.Directory `yaml:",inline"`
}

// Names lists the directories that are shipped, to be extended.
func Names() []string {
	entries, err := shipped.ReadDir(".")
	if err != nil { // an embedded folder always reads
		return nil
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Shipped returns the data of a shipped directory. It names no CAs: those an administrator's own file adds.
func Shipped(name string) (*dcr.Directory, error) {
	definition, err := extend(name, maxExtends)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if err := check(definition); err != nil {
		return nil, fmt.Errorf("directory %s: %w", name, err)
	}
	return definition, nil
}

// readFile reads a directory's file from disk.
func readFile(path string) (*dcr.Directory, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	return read(text, maxExtends)
}

// extend reads a shipped directory. depth is how many more files there may be.
func extend(name string, depth int) (*dcr.Directory, error) {
	text, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("extends: there is no %s; there are %s", name, strings.Join(Names(), ", "))
	}
	if depth == 0 {
		return nil, fmt.Errorf("extends: more than %d files extend one another", maxExtends)
	}
	return read(text, depth-1)
}

// read decodes a file over the one it extends.
func read(text []byte, depth int) (*dcr.Directory, error) {
	var base struct {
		Extends string `yaml:"extends"`
	}
	if err := yaml.Unmarshal(text, &base); err != nil {
		return nil, err
	}
	var f file
	if base.Extends != "" {
		extended, err := extend(base.Extends, depth)
		if err != nil {
			return nil, err
		}
		f.Directory = *extended
	}
	if err := strictyaml.Decode(text, &f); err != nil {
		return nil, err
	}
	return &f.Directory, nil
}

// readBounded reads a file that must not be larger than any such file is.
func readBounded(path string) ([]byte, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer opened.Close() // read only: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return text, nil
}
