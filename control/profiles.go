package control

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// readProfiles reads the profiles that are shipped and those that the file names, and returns what is wrong with each and
// was not said already.
func (c *Config) readProfiles(r *recorder, said routes.Problems) (found routes.Problems) {
	c.Profiles = map[string]*dcr.Profile{}
	for _, name := range profile.Names() {
		shipped, err := profile.Load(name)
		if err != nil {
			return append(found, c.File.Problem(routes.Error, "profile.invalid", "profiles", "%v", err))
		}
		c.Profiles[name] = shipped
	}
	for _, file := range c.expand(r, "profiles", c.File.Profiles) {
		where := file.where
		own, err := profile.LoadFrom(r.file, file.path)
		switch {
		case err != nil && !slices.ContainsFunc(said, func(p *routes.Problem) bool { return p.Where == where }):
			found = append(found, c.faults("profile.invalid", where, err)...)
		case err != nil:
		case c.Profiles[own.Name] != nil:
			found = append(found, c.File.Problem(routes.Error, "profile.invalid", where, "an earlier profile, or one that is shipped, has its name"))
		default:
			c.Profiles[own.Name] = own
		}
	}
	return found
}
