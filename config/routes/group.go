package routes

import (
	"cmp"
	"slices"
	"strings"
)

// A Group is the routes of one listener that meet the same requests but for their method: those of one Shape.
type Group struct {
	Path    string   // of the first of them; the others' may name their params otherwise
	Routes  []*Route // in the order of the file
	Allowed []string // methods of all of them, sorted
}

// Groups returns the routes of a listener in the order in which a request is to be compared with them: see ComparePaths.
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

// orderKey turns a path into a text that sorts as ComparePaths does, once for each route and not once for each
// comparison: what ends a segment is below every character of a path, what stands for a {Name} is above.
func orderKey(path string) string {
	segments := Segments(path)
	for i, segment := range segments {
		if _, named := Param(segment); named {
			segments[i] = "\x7f"
		}
	}
	return strings.Join(segments, "\x01")
}
