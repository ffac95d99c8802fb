package directory

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
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
		return nil, strictyaml.Unread(what, name, nil, err)
	}
	if found := check(definition); len(found) > 0 {
		return nil, &strictyaml.Invalid{What: what, Path: name, Faults: found}
	}
	return definition, nil
}

// extend reads a shipped directory. depth is how many more files there may be.
func extend(name string, depth int) (*dcr.Directory, error) {
	text, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		return nil, &strictyaml.Fault{Where: "extends", What: "there is no " + name + "; there are " + strings.Join(Names(), ", ")}
	}
	if depth == 0 {
		return nil, &strictyaml.Fault{Where: "extends", What: fmt.Sprintf("more than %d files extend one another", maxExtends)}
	}
	return decode(text, depth-1)
}

// decode reads a file's text over that of the file it extends. What that one requires by its names for claims is required
// by the file's names, unless the file says itself what it requires.
func decode(text []byte, depth int) (*dcr.Directory, error) {
	f := file{Directory: dcr.Directory{Listed: dcr.ListedWhenKnown}}
	if err := strictyaml.Decode(text, &f); err != nil {
		return nil, err
	}
	if f.Extends == "" {
		return &f.Directory, nil
	}
	extended, err := extend(f.Extends, depth)
	if err != nil {
		return nil, err
	}
	over := file{Directory: *extended}
	if err := strictyaml.Decode(text, &over); err != nil {
		return nil, err
	}
	if f.Required == nil {
		over.Required = nil
		for _, name := range extended.Required {
			if own := extended.Claims.As(&over.Claims, name); own != "" {
				over.Required = append(over.Required, own)
			}
		}
	}
	return &over.Directory, nil
}

// readBounded reads a file that must not be larger than any such file is.
func readBounded(path string) ([]byte, error) { return bounded.ReadFile(path, maxFile) }

func tooLarge(path string) error { return fmt.Errorf("%s is larger than %d bytes", path, maxFile) }
