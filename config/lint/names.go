package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// names looks up the directories and the profile that the route names.
func (l *linter) names(index int, route *routes.Route) {
	if l.known.Scopes != nil {
		l.granted(index, route)
	}
	for i, name := range route.Directories {
		if l.known.Directories != nil && !slices.Contains(l.known.Directories, name) {
			where := func() string { return fmt.Sprintf("routes[%d].directories[%d]", index, i) }
			l.unknown("directory.unknown", where, "no directory in use has the name", name, l.known.Directories)
		}
	}
	if route.Profile != "" && l.known.Profiles != nil && l.known.Profiles[route.Profile] == nil {
		names := slices.Sorted(maps.Keys(l.known.Profiles))
		l.unknown("profile.unknown", func() string { return at(index, "profile") }, "there is no registration profile", route.Profile, names)
	}
}

// granted looks up the scopes and roles that directories grant to software products.
func (l *linter) granted(index int, route *routes.Route) {
	for i, scope := range route.Scopes {
		roles, known := l.known.Scopes[scope]
		where := func() string { return fmt.Sprintf("routes[%d].scopes[%d]", index, i) }
		if !known {
			l.unknown("scope.unknown", where, "no directory in use has the scope", scope, l.known.scopes())
		} else if !gives(roles, route.Roles) {
			l.add("scope.role", where(), "none of the roles that the route requires grants the scope %q: only software products with a further role pass", scope)
		}
	}
	for i, role := range route.Roles {
		if !slices.Contains(l.roles, role) {
			where := func() string { return fmt.Sprintf("routes[%d].roles[%d]", index, i) }
			l.unknown("role.unknown", where, "no directory in use has the role", role, l.roles)
		}
	}
}

// unknown records an unknown name, with the one that was probably meant.
func (l *linter) unknown(rule string, where func() string, what, name string, known []string) {
	if l.full(rule) { // looking for the nearest name costs more than everything else
		l.add(rule, "", "")
		return
	}
	l.add(rule, where(), "%s %q%s", what, name, orWhich(name, known))
}

// gives reports whether a software product with the route's roles can have the scope. A route without roles leaves that to
// the token.
func gives(roles, asked []string) bool {
	return len(asked) == 0 || slices.Contains(roles, "") ||
		slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(asked, role) })
}

func (k Known) scopes() []string { return slices.Sorted(maps.Keys(k.Scopes)) }

// roles returns all roles that the directories know.
func (k Known) roles() []string {
	var all []string
	for _, roles := range k.Scopes {
		all = append(all, roles...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(role string) bool { return role == "" })
}

// mostNamed is how many names are listed if none is near.
const mostNamed = 12

// orWhich ends a sentence about an unknown name: with the name that was probably meant, or with all names if they are few.
func orWhich(name string, known []string) string {
	if best := nearest.Word(name, known); best != "" {
		return "; did you mean \"" + best + "\"?"
	}
	if len(known) == 0 || len(known) > mostNamed {
		return ""
	}
	return "; there are " + strings.Join(known, ", ")
}
