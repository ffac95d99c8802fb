package config

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// readProfiles reads the shipped profiles and those that the file names, and returns the problems that the reader of
// routes.yaml has not reported.
func (v *Version) readProfiles(from *source, said yamlfile.Problems) (found yamlfile.Problems) {
	v.Profiles = map[string]*dcr.Profile{}
	for _, name := range profile.Names() {
		shipped, err := profile.Load(name)
		if err != nil {
			return append(found, v.File.Problem(yamlfile.Error, "profile.invalid", "profiles", "%v", err))
		}
		v.Profiles[name] = shipped
	}
	for _, file := range from.expand("profiles", v.File.Profiles) {
		where := file.where
		own, err := profile.LoadFrom(from.file, file.path)
		switch {
		case err != nil && !slices.ContainsFunc(said, func(p *yamlfile.Problem) bool { return p.Where == where }):
			found = append(found, v.faults("profile.invalid", where, err)...)
		case err != nil:
		case v.Profiles[own.Name] != nil:
			found = append(found, v.File.Problem(yamlfile.Error, "profile.invalid", where, "an earlier profile, or one that is shipped, has its name"))
		default:
			v.Profiles[own.Name] = own
		}
	}
	return found
}
