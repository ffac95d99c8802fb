package routes

import (
	"cmp"
	"slices"
	"strings"
)

// Segments returns the segments of a route's path: /a/{B} has two.
func Segments(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// Param returns the name of a segment {Name}.
func Param(segment string) (name string, ok bool) {
	if len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' {
		return segment[1 : len(segment)-1], true
	}
	return "", false
}

// Params returns the named segments of a request's path (without its query), and whether the path matches this route.
func (r *Route) Params(path string) (params map[string]string, ok bool) {
	want, have := Segments(r.Path), Segments(path)
	if len(want) != len(have) || !strings.HasPrefix(path, "/") {
		return nil, false
	}
	params = map[string]string{}
	for i, segment := range want {
		name, named := Param(segment)
		switch {
		case named && have[i] != "":
			params[name] = have[i]
		case segment != have[i]:
			return nil, false
		}
	}
	return params, true
}

// Shape is the path without the names of its params: routes of one shape match the same paths.
func Shape(path string) string {
	segments := Segments(path)
	for i, segment := range segments {
		if _, named := Param(segment); named {
			segments[i] = "{}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// repeatedParam returns the name that a path has twice, or "".
func repeatedParam(path string) string {
	if strings.Count(path, "{") < 2 {
		return ""
	}
	seen := map[string]bool{}
	for _, segment := range Segments(path) {
		if name, named := Param(segment); named && seen[name] {
			return name
		} else if named {
			seen[name] = true
		}
	}
	return ""
}

// A Group is the routes of one listener with one Shape, which differ only in their methods.
type Group struct {
	Path    string   // of the first route; those of the others may name their params differently
	Routes  []*Route // in file order
	Allowed []string // methods of all routes, sorted
}

// Groups returns the routes of a listener in matching order. More specific paths come first: at the leftmost difference a
// literal segment precedes a {Name}.
func (f *File) Groups(listener string) []Group {
	type keyed struct {
		key   string
		route *Route
	}
	var own []keyed
	for i := range f.Routes {
		if route := &f.Routes[i]; route.Listener == listener {
			own = append(own, keyed{orderKey(route.Path), route})
		}
	}
	slices.SortStableFunc(own, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	var groups []Group
	for i, one := range own {
		if i == 0 || own[i-1].key != one.key {
			groups = append(groups, Group{Path: one.route.Path})
		}
		group := &groups[len(groups)-1]
		group.Routes = append(group.Routes, one.route)
		group.Allowed = append(group.Allowed, one.route.Methods...)
	}
	for i := range groups {
		slices.Sort(groups[i].Allowed)
		groups[i].Allowed = slices.Compact(groups[i].Allowed)
	}
	return groups
}

// orderKey turns a path into a string that sorts in the order of Groups: the end of a segment sorts below every character of
// a path, a {Name} above.
func orderKey(path string) string {
	segments := Segments(path)
	for i, segment := range segments {
		if _, named := Param(segment); named {
			segments[i] = "\x7f"
		}
	}
	return strings.Join(segments, "\x01")
}
