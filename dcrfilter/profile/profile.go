// Package profile reads registration profiles from YAML; each describes one version of a registration standard. The
// shipped profiles are the YAML files in this folder; an administrator's own file extends one of them. The package does
// not apply profiles to requests: dcrfilter/rule does.
package profile

import (
	"embed"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

//go:embed *.yaml
var shipped embed.FS

// invalid is the ID of problems in a profile's file.
const invalid = "profile.invalid"

// maxFile is above the YAML reader's own limit, so that the reader reports files that are too large.
const maxFile = 1 << 20

// file is a profile's file. A file that extends a shipped profile only states the differences. Its values replace those
// of the shipped profile, with two exceptions: the keys of request, clients and members are replaced one by one, and
// rules are added.
type file struct {
	Extends     string  `yaml:"extends" is:"text" doc:"name of a shipped profile; this file need only say what differs"`
	Without     without `yaml:"without" doc:"what the extended profile has and this one does not"`
	dcr.Profile `yaml:",inline"`
}

// without lists what a file removes from the profile that it extends.
type without struct {
	Members []string `yaml:"members" is:"member" doc:"names of members"`
	Rules   []string `yaml:"rules" is:"optional" doc:"optional rules"`
}

// kinds defines the values of the file, by the names that the tags of dcr.Profile use.
var kinds = map[string]*yamlfile.Kind{
	"name":           yamlfile.Formed("a name of lower case letters, digits, dots and hyphens, at most 32", 32, `[a-z0-9][a-z0-9.-]*`),
	"text":           yamlfile.Formed("a text of 1 to 1024 characters, in one line", 1024, `[^\x00-\x1f\x7f]+`),
	"sentence":       yamlfile.Formed("a text of 1 to 80 ASCII characters", 80, `[ -~]+`), // refusals print it
	"member":         yamlfile.Formed("the name of a member: 1 to 64 lower case letters, digits and underscores", 64, `[a-z0-9_]+`),
	"media_type":     yamlfile.Formed("a media type in lower case, without parameters", 128, `[a-z]+/[a-z0-9.+-]+`),
	"age":            yamlfile.Formed("a time with its unit, such as 60m or 1h30m", 40, `([0-9]{1,9}(\.[0-9]{1,9})?(h|m|s|ms|us|ns))+`).Within(time.Millisecond, 87_600*time.Hour),
	"scope":          yamlfile.Formed("a scope token: 1 to 64 printable ASCII characters without spaces, quotes and backslashes", 64, `[!#-\[\]-~]+`), // RFC 6749, section 3.3
	"pattern":        yamlfile.Formed("a regular expression that begins with ^ and ends with $, in at most 80 ASCII characters", 80, `\^[ -~]*\$`),
	"count":          yamlfile.Whole(0, 1_000_000_000),
	"body":           yamlfile.OneOf(dcr.BodyJWS, dcr.BodyJSON),
	"unknown_scopes": yamlfile.OneOf(dcr.RefuseScopes, dcr.DropScopes),
	"duplicates":     yamlfile.OneOf(dcr.RejectDuplicates, dcr.ReturnExisting, dcr.AllowDuplicates),
	"default_scope":  yamlfile.OneOf(dcr.DefaultRegistered, dcr.DefaultNone),
	"type":           yamlfile.OneOf(dcr.TypeString, dcr.TypeStrings, dcr.TypeAudience, dcr.TypeInteger, dcr.TypeBoolean),
	"in":             yamlfile.OneOf(dcr.InRequest, dcr.InResponse, dcr.InBoth),
	"as":             yamlfile.OneOf(rule.Renamed()...),
	"optional":       yamlfile.OneOf(rule.IDs(true)...),
	"rule":           yamlfile.OneOf(rule.IDs(true)...).Also(rule.IDs(false)...),
	"bool":           yamlfile.Bool(),
}

var library = yamlfile.Library[file]{
	Grammar: yamlfile.New(reflect.TypeFor[file](), kinds, yamlfile.Options{Bytes: 256 << 10, Tokens: 1 << 15, Loose: true}),
	Files:   shipped, ID: invalid, Finish: finish,
}

// Names returns the names of the shipped profiles.
func Names() []string { return library.Names() }

// Schema returns the JSON Schema (2020-12) of profile files, by which editors complete and check them.
func Schema() []byte {
	return library.Grammar.Schema("urn:dcr-gateway:profile", "profile file of dcr-gateway", file{})
}

// parsed holds the shipped profiles. They are parsed once, because a process keeps many versions of routes.yaml.
var parsed = sync.OnceValues(func() (map[string]*dcr.Profile, error) {
	all := map[string]*dcr.Profile{}
	for _, name := range Names() {
		f, err := library.Shipped(name)
		if err != nil {
			return nil, err
		}
		all[name] = &f.Profile
	}
	return all, nil
})

// Load returns the shipped profile with this name. All callers share it and must not change it.
func Load(name string) (*dcr.Profile, error) {
	all, err := parsed()
	if err != nil {
		return nil, err
	}
	if all[name] == nil {
		_, err := library.Shipped(name)
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	return all[name], nil
}

// LoadFile reads an administrator's own profile; see LoadFrom.
func LoadFile(path string) (*dcr.Profile, error) {
	return LoadFrom(func(path string) ([]byte, error) { return bounded.ReadFile(path, maxFile) }, path)
}

// LoadFrom reads an administrator's own profile through read and checks it. Unknown and repeated keys, values out of
// range, patterns that do not compile and unknown rules are errors, all reported at once with their lines. The error is
// yamlfile.Problems, unless the file could not be read.
func LoadFrom(read func(path string) ([]byte, error), path string) (*dcr.Profile, error) {
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", path, err)
	}
	f, c := library.Read(path, text)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return &f.Profile, nil
}

// finish adds to a file what it inherits from the profile that it extends, and checks the result.
func finish(c *yamlfile.Check, f, base *file) {
	switch {
	case f.Extends != "" && !c.Has("name"):
		c.Add("key.missing", "name", "the key name is missing: a name of its own, beside %s", f.Extends)
	case f.Extends != "" && f.Name == f.Extends:
		c.Add(invalid, "name", "must be a name of its own: %s is the profile that it extends", f.Extends)
	}
	for i, name := range f.Without.Members {
		if base.Members[name] == nil {
			c.Add(invalid, fmt.Sprintf("without.members[%d]", i), "the profile that this one extends has no member %s", name)
		} else if !c.Has("members." + name) {
			delete(f.Members, name)
		}
	}
	f.Rules = rules(c, f, base)
	f.Without = without{}
	check(c, &f.Profile)
}

// rules returns the optional rules in the order in which they run: those of the extended profile, without the ones that
// the file removes, plus the file's own.
func rules(c *yamlfile.Check, f, base *file) []string {
	on := slices.Clone(base.Rules)
	for i, id := range f.Without.Rules {
		if !slices.Contains(base.Rules, id) {
			c.Add(invalid, fmt.Sprintf("without.rules[%d]", i), "the profile that this one extends does not have the rule %s", id)
		}
		on = slices.DeleteFunc(on, func(other string) bool { return other == id })
	}
	if c.Has("rules") {
		if isWhole(c, f.Rules) {
			on = nil
		}
		on = append(on, f.Rules...)
	}
	return slices.DeleteFunc(rule.IDs(true), func(id string) bool { return !slices.Contains(on, id) })
}

// isWhole reports whether a list of rules is complete: it also contains the rules that always run, as files of earlier
// versions do. Such a list replaces that of the extended profile. A list with only some of these rules is an error.
func isWhole(c *yamlfile.Check, list []string) bool {
	always := rule.IDs(false)
	missing := slices.DeleteFunc(slices.Clone(always), func(id string) bool { return slices.Contains(list, id) })
	for i, id := range list {
		path := fmt.Sprintf("rules[%d]", i)
		if slices.Contains(list[:i], id) {
			c.Add(invalid, path, "%s is named twice", id)
		} else if len(missing) > 0 && slices.Contains(always, id) {
			c.Add(invalid, path, "%s always runs: delete it, for only optional rules are named here", id)
		}
	}
	return len(missing) == 0
}
