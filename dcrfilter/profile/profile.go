// Package profile reads registration profiles: one version of a registration standard each, as YAML. Those that are
// shipped are beside this file.
package profile

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

//go:embed *.yaml
var shipped embed.FS

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

// Load returns the shipped profile of that name.
func Load(name string) (*dcr.Profile, error) {
	text, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("profile %s: there is none; there are %s", name, strings.Join(Names(), ", "))
	}
	return Parse(text)
}

// Parse reads a profile and checks the whole of it: unknown and repeated keys, values out of range, patterns that do not
// compile and rules that do not exist are errors, all of them reported at once with the member they are in.
func Parse(text []byte) (*dcr.Profile, error) {
	var profile dcr.Profile
	if err := strictyaml.Decode(text, &profile); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := check(&profile); err != nil {
		return nil, err
	}
	return &profile, nil
}
