package admin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	mostOthers   = 10
	mostSegments = 2 // in which the path of a near route differs
	mostLetters  = 2 // in which the path of one differs that has no segment in common
)

// An other is a route that a request does not meet, and why not.
type other struct {
	Route   string   `json:"route"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	Why     string   `json:"why"`
	far     far
}

// far orders routes by how little is missing: the number of segments, then what else, then the number of letters.
type far struct{ segments, kind, letters int }

func (a far) compare(b far) int {
	return cmp.Or(cmp.Compare(a.segments, b.segments), cmp.Compare(a.kind, b.kind), cmp.Compare(a.letters, b.letters))
}

// others are the nearest routes that the request does not meet.
func (e *explanation) others(file *routes.File) []other {
	var all []other
	for i := range file.Routes {
		route := &file.Routes[i]
		if slices.ContainsFunc(e.Meets, func(m met) bool { return m.route == route }) {
			continue
		}
		if one, near := e.other(route); near {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b other) int { return a.far.compare(b.far) })
	return all[:min(len(all), mostOthers)]
}

// other says why a route is not the one, if it is near.
func (e *explanation) other(route *routes.Route) (other, bool) {
	one := other{Route: route.Name, Methods: route.Methods, Path: route.Path}
	if _, is := route.Params(e.Path); is {
		one.far.kind, one.Why = e.samePath(route)
		return one, true
	}
	one.far, one.Why = otherPath(route.Path, e.Path)
	if !slices.Contains(route.Methods, e.Method) {
		one.far.kind++
		one.Why += "; it does not have " + e.Method
	}
	if !slices.ContainsFunc(e.Meets, func(m met) bool { return m.Listener == route.Listener }) {
		one.far.kind++
		one.Why += "; it is at listener " + route.Listener
	}
	return one, one.far.segments <= mostSegments && (share(route.Path, e.Path) || one.far.letters <= mostLetters)
}

// share says whether the paths have a segment in common at their beginning or at their end.
func share(pattern, path string) bool {
	want, have := routes.Segments(pattern), routes.Segments(path)
	return want[0] == have[0] || want[len(want)-1] == have[len(have)-1]
}

// samePath says why a route that has the path is not the one.
func (e *explanation) samePath(route *routes.Route) (kind int, why string) {
	i := slices.IndexFunc(e.Meets, func(m met) bool { return m.Listener == route.Listener })
	switch {
	case i >= 0 && e.Meets[i].group == nil: // 421
		return 0, "it would be this one, for a host that the listener has"
	case i < 0:
		return 2, "it is at listener " + route.Listener
	case routes.Shape(e.Meets[i].group.Path) == routes.Shape(route.Path):
		return 0, "it has this path, but not the method " + e.Method
	}
	return 1, "it has this path too, but " + e.Meets[i].group.Path + " is specific further to the left: a request with that path meets no other"
}

// otherPath says where a route's path is another than the request's.
func otherPath(pattern, path string) (far, string) {
	want, have := routes.Segments(pattern), routes.Segments(path)
	for len(want) > 0 && len(have) > 0 && fits(want[0], have[0]) {
		want, have = want[1:], have[1:]
	}
	for len(want) > 0 && len(have) > 0 && fits(want[len(want)-1], have[len(have)-1]) {
		want, have = want[:len(want)-1], have[:len(have)-1]
	}
	missing, given := piece(want), piece(have)
	why := "it has " + missing + " where the request has " + given
	if strings.EqualFold(missing, strings.TrimSuffix(given, "/")) && missing != strings.TrimSuffix(given, "/") {
		why += "; upper and lower case are not the same"
	}
	if strings.HasSuffix(path, "/") {
		why += "; no route's path ends with a /"
	}
	return far{segments: max(len(want), len(have)), letters: letters(missing, given)}, why
}

// fits says whether a segment of a request is one of a pattern.
func fits(want, have string) bool {
	_, named := routes.Param(want)
	return want == have || named && have != ""
}

func piece(segments []string) string {
	if len(segments) == 0 {
		return "nothing"
	}
	return "/" + strings.Join(segments, "/")
}

// letters is how many are left of the longer text without what both begin and end with.
func letters(a, b string) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}
