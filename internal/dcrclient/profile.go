package dcrclient

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed profiles.yaml
var profilesFile []byte

// Profile describes the registration requests of one standard: profiles.yaml.
type Profile struct {
	Name         string   `yaml:"name"`
	Extends      string   `yaml:"extends"` // a profile above it in the file
	Standard     string   `yaml:"standard"`
	Body         string   `yaml:"body"`          // jws, or json: the claims themselves, not signed
	ContentTypes []string `yaml:"content_types"` // of the request; the first that the bank accepts is used
	SingleUse    bool     `yaml:"single_use_statements"`

	Statement      Names                     `yaml:"statement"`   // names of the statement's claims
	RoleScopes     map[string]string         `yaml:"role_scopes"` // scopes that a role of the software product allows
	Claims         map[string]any            `yaml:"claims"`
	Authentication map[string]map[string]any `yaml:"authentication"` // further claims by authentication method
	TokenScope     string                    `yaml:"token_scope"`    // scope of a token for the registration
	Values         map[string]any            `yaml:"values"`         // values for the cases of conform, by name
	Omit           []string                  `yaml:"omit"`           // claims of the extended profile to leave out
}

// Names are the names of a software statement's claims.
type Names struct {
	SoftwareID   string `yaml:"software_id"`
	RedirectURIs string `yaml:"redirect_uris"`
	Roles        string `yaml:"roles"`
	ClientName   string `yaml:"client_name"`
	JWKS         string `yaml:"jwks_uri"`
}

// profiles reads profiles.yaml, once.
var profiles = sync.OnceValues(func() ([]Profile, error) {
	var file struct {
		Profiles []Profile `yaml:"profiles"`
	}
	if err := yaml.UnmarshalWithOptions(profilesFile, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("profiles.yaml: %w", err)
	}
	for i, p := range file.Profiles {
		if p.Extends == "" {
			continue
		}
		at := slices.IndexFunc(file.Profiles[:i], func(other Profile) bool { return other.Name == p.Extends })
		if at < 0 {
			return nil, fmt.Errorf("profiles.yaml: %s extends %s, which does not stand before it", p.Name, p.Extends)
		}
		file.Profiles[i] = p.over(file.Profiles[at])
	}
	return file.Profiles, nil
})

// over returns the profile with everything that it leaves out taken from another.
func (p Profile) over(base Profile) Profile {
	if p.Body == "" {
		p.Body = base.Body
	}
	if p.ContentTypes == nil {
		p.ContentTypes = base.ContentTypes
	}
	if p.Statement == (Names{}) {
		p.Statement, p.RoleScopes = base.Statement, base.RoleScopes
	}
	if p.Authentication == nil {
		p.Authentication = base.Authentication
	}
	p.Claims, p.Values = merged(base.Claims, p.Claims), merged(base.Values, p.Values)
	for _, name := range p.Omit {
		delete(p.Claims, name)
	}
	return p
}

// merged is an object with the members of another over its own.
func merged(base, over map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, base)
	maps.Copy(all, over)
	return all
}

// Profiles returns the names of the known profiles.
func Profiles() []string {
	all, err := profiles()
	if err != nil { // of a file that is part of the program: a test reads it
		return nil
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}

// Find returns a profile by its name.
func Find(name string) (Profile, error) {
	all, err := profiles()
	if err != nil {
		return Profile{}, err
	}
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("no profile is called %s; there are %s", name, strings.Join(Profiles(), ", "))
}
