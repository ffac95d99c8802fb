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

// Params returns the named segments of a request's path (without its query), and whether the path is this route's at all.
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

// Shape is the path without the names of its params: routes with one shape meet the same requests.
func Shape(path string) string {
	segments := Segments(path)
	for i, segment := range segments {
		if _, named := Param(segment); named {
			segments[i] = "{}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// ComparePaths orders paths so that, of two that meet one request, the more specific comes first: at the leftmost
// segment where they differ, the one that says what it wants is before the one that takes anything.
func ComparePaths(a, b string) int {
	return slices.CompareFunc(Segments(a), Segments(b), func(a, b string) int {
		_, aNamed := Param(a)
		_, bNamed := Param(b)
		switch {
		case aNamed && bNamed:
			return 0
		case aNamed:
			return 1
		case bNamed:
			return -1
		}
		return cmp.Compare(a, b)
	})
}

// repeatedParam returns the name that a path gives to two of its segments, or "".
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
