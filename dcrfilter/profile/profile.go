// Package profile reads registration profiles: one version of a registration standard each, as YAML. Those that are
// shipped are beside this file; an administrator's own file extends one of them.
package profile

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

//go:embed *.yaml
var shipped embed.FS

// maxFile is more than the YAML reader takes, which says so.
const maxFile = 1 << 20

// what is in the files that are read here, as errors say.
const what = "profile"

// Names lists the profiles that are shipped.
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

// parsed are those that are shipped. They are parsed once, for many versions of routes.yaml are known at once.
var parsed = sync.OnceValues(func() (map[string]*dcr.Profile, error) {
	all := map[string]*dcr.Profile{}
	for _, name := range Names() {
		text, err := shipped.ReadFile(name + ".yaml")
		if err != nil {
			return nil, err
		}
		if all[name], err = parse(name, text); err != nil {
			return nil, err
		}
	}
	return all, nil
})

// Load returns the shipped profile of that name. It is everybody's, and not to be changed.
func Load(name string) (*dcr.Profile, error) {
	all, err := parsed()
	if err != nil {
		return nil, err
	}
	if all[name] == nil {
		return nil, fmt.Errorf("profile %s: there is none; there are %s", name, strings.Join(Names(), ", "))
	}
	return all[name], nil
}

// LoadFile reads an administrator's own profile; see LoadFrom.
func LoadFile(path string) (*dcr.Profile, error) {
	return LoadFrom(func(path string) ([]byte, error) { return bounded.ReadFile(path, maxFile) }, path)
}

// LoadFrom reads an administrator's own profile through read, and checks the whole of it: unknown and repeated keys, values
// out of range, patterns that do not compile and rules that do not exist are errors, all of them reported at once with
// their lines. The error is of type *strictyaml.Invalid.
func LoadFrom(read func(path string) ([]byte, error), path string) (*dcr.Profile, error) {
	text, err := read(path)
	if err != nil {
		return nil, strictyaml.Unread(what, path, nil, err)
	}
	return parse(path, text)
}

// file is a profile's file. One that extends a shipped profile need only say what differs: what it gives replaces the
// other's, except for the keys of request and of clients, and for members, which it changes one by one.
type file struct {
	Extends     string `yaml:"extends"`
	dcr.Profile `yaml:",inline"`
}

func parse(path string, text []byte) (*dcr.Profile, error) {
	profile, err := decode(text)
	if err != nil {
		return nil, strictyaml.Unread(what, path, text, err)
	}
	faults := check(profile)
	if err := faults.Err(what, path, text); err != nil {
		return nil, err
	}
	return profile, nil
}

// decode reads a file's text over that of the profile it extends, which must be a shipped one.
func decode(text []byte) (*dcr.Profile, error) {
	var f file
	if err := strictyaml.Decode(text, &f); err != nil || f.Extends == "" {
		return &f.Profile, err
	}
	extended, err := shipped.ReadFile(f.Extends + ".yaml")
	if err != nil {
		return nil, &strictyaml.Fault{Where: "extends", What: "there is no " + f.Extends + "; there are " + strings.Join(Names(), ", ")}
	}
	var over file
	if err := strictyaml.Decode(extended, &over); err != nil {
		return nil, err
	}
	members := over.Members
	over.Members = nil
	if err := strictyaml.Decode(text, &over); err != nil {
		return nil, err
	}
	if over.Members = members; over.Name == f.Extends {
		return nil, &strictyaml.Fault{Where: "name", What: "must be a name of its own: " + f.Extends + " is the profile that it extends"}
	}
	maps.Copy(over.Members, f.Members)
	return &over.Profile, nil
}
