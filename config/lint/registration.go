package lint

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/userfile"
)

// leastBody has room for a registration request: a directory's software statement has some 4 KiB, and the signed request
// encodes it once more, which adds a third, and has the client's metadata and the signature.
const leastBody routes.Size = 16 << 10

// registration checks a route against its profile.
func (l *linter) registration(index int, route *routes.Route) {
	if route.Endpoint == routes.EndpointRegistration && len(l.known.Directories) > 1 && len(route.Directories) == 0 {
		l.add("registration.directories", at(index, "directories"), "should name the directories whose software registers by %s, out of %s: now it is every software",
			route.Profile, strings.Join(l.known.Directories, ", "))
	}
	profile := l.known.Profiles[route.Profile]
	if profile == nil {
		return
	}
	if unsigned := profile.Body == dcr.BodyJSON; route.Needs(routes.CheckStatement) && unsigned != route.Unsigned {
		what := "must be true, or the profile a different one: requests of %s are not signed, and only the client certificate authenticates them"
		if !unsigned {
			what = "must be left out: requests of %s are signed"
		}
		l.add("profile.unsigned", at(index, "unsigned_requests"), what, profile.Name)
	}
	if slices.Contains(route.Methods, "POST") && profile.TrailingSlash != strings.HasSuffix(route.Path, "/") {
		l.add("profile.path", at(index, "path"), "must %send with a slash, as %s has it", map[bool]string{false: "not "}[profile.TrailingSlash], profile.Name)
	}
	if needed := profile.Clients.ManagementScope; needed != "" && route.Needs(routes.CheckOwner) && !slices.Contains(route.Scopes, needed) {
		l.add("profile.management_scope", at(index, "scopes"), "must name %s, with the check scope: %s requires it to read, update or delete a client", needed, profile.Name)
	}
}

// users checks the file of a route's user names and passwords.
func (l *linter) users(index int, route *routes.Route) {
	if route.Users == "" {
		return
	}
	if _, err := userfile.Read(l.Abs(route.Users)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.add("users.unreadable", at(index, "users"), "%v", err)
	}
}

// bodyLimit checks the routes that registration requests are sent to.
func (l *linter) bodyLimit(index int, route *routes.Route) {
	if route.Endpoint == routes.EndpointRegistration && route.Needs(routes.CheckStatement) && route.BodyLimit < leastBody {
		l.add("registration.body_limit", at(index, "body_limit"), "must be %s or more: a registration request holds a software statement of some 4KiB, "+
			"encoded once more", leastBody)
	}
}
