package world

import (
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// profile is a registration profile as a world serves it: all of them are, each on a path of its own, and world.json is
// about one. The template of routes.yaml reads it.
type profile struct {
	Name, Path  string // Path is of the registration endpoint; that of a client has its id after it
	Directories string // whose software registers so, separated by commas; the UK's alone when empty
	Manage      string // scope that a token for the registration needs; none where any token will do
	Unsigned    bool   // requests are plain JSON

	dialect func() directory.Dialect
}

var profiles = []profile{
	{Name: "obie-3.3", Path: "/open-banking/v3.3/register", dialect: directory.OBIE},
	{Name: "obie-3.4", Path: "/open-banking/v3.4/register", dialect: directory.OBIE},
	{Name: "obie-3.2", Path: "/open-banking/v3.2/register", dialect: directory.OBIE},
	{Name: "obie-3.1", Path: "/open-banking/v3.1/register", dialect: directory.OBIE},
	{Name: "generic-0.1", Path: "/open-banking/0.1/register", dialect: directory.OBIE, Directories: "sandbox, sandbox-cdr"},
	{Name: "is-json", Path: "/api/identity/oauth2/dcr/v1.1/register/", dialect: directory.OBIE, Unsigned: true},
	{Name: "cdr-au", Path: "/cds-au/v1/register", dialect: directory.CDR, Directories: "sandbox-cdr", Manage: "cdr:registration"},
}

// ClientPath is where a registration is.
func (p profile) ClientPath() string { return strings.TrimSuffix(p.Path, "/") + "/{ClientId}" }

// profileNamed finds a profile by its name.
func profileNamed(name string) (profile, bool) {
	at := slices.IndexFunc(profiles, func(p profile) bool { return p.Name == name })
	if at < 0 {
		return profile{}, false
	}
	return profiles[at], true
}

func profileNames() []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.Name)
	}
	return names
}
