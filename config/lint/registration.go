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

// leastBody is what a registration request has room in: a software statement of a directory has some 4 KiB, and the signed
// request holds it once more encoded, which makes a third on top, with the client's own metadata and the signature.
const leastBody routes.Size = 16 << 10

// registration holds a route to what its profile says.
func (l *linter) registration(index int, route *routes.Route) {
	profile := l.known.Profiles[route.Profile]
	if profile == nil {
		return
	}
	if unsigned := profile.Body == dcr.BodyJSON; route.Needs(routes.CheckStatement) && unsigned != route.Unsigned {
		what := "must be true, or the profile another one: requests of %s are signed by nobody, and their client certificate alone proves whose they are"
		if !unsigned {
			what = "must be left out: requests of %s are signed"
		}
		l.add("profile.unsigned", at(index, "unsigned_requests"), what, profile.Name)
	}
	if slices.Contains(route.Methods, "POST") && profile.TrailingSlash != strings.HasSuffix(route.Path, "/") {
		l.add("profile.path", at(index, "path"), "must %send with a slash, as %s has it", map[bool]string{false: "not "}[profile.TrailingSlash], profile.Name)
	}
	if needed := profile.Clients.ManagementScope; needed != "" && route.Needs(routes.CheckOwner) && !slices.Contains(route.Scopes, needed) {
		l.add("profile.management_scope", at(index, "scopes"), "must name %s, with the check scope: %s wants it of who reads, updates or deletes a client", needed, profile.Name)
	}
}

// users looks at the file of a route's user names and passwords.
func (l *linter) users(index int, route *routes.Route) {
	if route.Users == "" {
		return
	}
	if _, err := userfile.Read(l.Abs(route.Users)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.add("users.unreadable", at(index, "users"), "%v", err)
	}
}

// bodyLimit looks at the routes that registration requests are sent to.
func (l *linter) bodyLimit(index int, route *routes.Route) {
	if route.Endpoint == routes.EndpointRegistration && route.Needs(routes.CheckStatement) && route.BodyLimit < leastBody {
		l.add("registration.body_limit", at(index, "body_limit"), "must be %s or more: a registration request holds a software statement of some 4KiB, "+
			"encoded once more", leastBody)
	}
}
