package control

import (
	"os"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

// readFile reads a file. Of a folder, whose name ends in a slash, it reads which YAML files are in it, one on each line: so a
// folder's listing is a part of a version like any file, is kept with it, and is seen to change.
func readFile(path string) ([]byte, error) {
	if !strings.HasSuffix(path, "/") {
		return bounded.ReadFile(path, maxFile)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var listing []byte
	for _, entry := range entries { // in the order of their names
		if name := entry.Name(); strings.HasSuffix(name, ".yaml") && !strings.HasPrefix(name, ".") && !entry.IsDir() {
			listing = append(listing, name+"\n"...)
		}
	}
	return listing, nil
}

// included is a file that routes.yaml includes, and where it says so.
type included struct{ path, where string }

// expand finds the files of a list of files and folders. What cannot be listed is left to the reader of routes.yaml, who
// has said that it is not there.
func (c *Config) expand(r *recorder, key string, names []string) []included {
	var all []included
	for i, name := range names {
		where, path := key+"["+strconv.Itoa(i)+"]", c.File.Abs(name)
		if !strings.HasSuffix(name, "/") {
			all = append(all, included{path, where})
			continue
		}
		path = strings.TrimSuffix(path, "/") + "/"
		listing, err := r.file(path)
		if err != nil {
			continue
		}
		for file := range strings.Lines(string(listing)) {
			all = append(all, included{path + strings.TrimSpace(file), where})
		}
	}
	return all
}
