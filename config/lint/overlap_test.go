package lint

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// overlapping returns the pairs "WINNER LOSER" that are found in a file of one listener.
func overlapping(paths ...string) []string {
	file := &routes.File{Listeners: map[string]routes.Listener{"a": {}}}
	for _, path := range paths {
		file.Routes = append(file.Routes, routes.Route{Name: path, Listener: "a", Path: path, Methods: []string{"GET"}})
	}
	var pairs []string
	for _, problem := range Lint(file, Known{}, now) {
		if problem.ID == "route.overlap" {
			winner, loser := "", ""
			fields := strings.Fields(strings.ReplaceAll(problem.What, ",", ""))
			for i, word := range fields {
				if word == "route" && loser == "" {
					loser = fields[i+1]
				} else if word == "route" {
					winner = fields[i+1]
				}
			}
			pairs = append(pairs, winner+" "+loser)
		}
	}
	slices.Sort(pairs)
	return pairs
}

func TestOverlaps(t *testing.T) {
	for _, test := range []struct {
		name  string
		paths []string
		want  []string
	}{
		{"none", []string{"/a/b", "/a/c", "/{X}"}, nil},
		{"an exact path and a pattern", []string{"/a/b", "/a/{X}", "/{X}/{Y}", "/{X}/b"}, []string{"/a/{X} /{X}/b"}},
		{"crosswise", []string{"/a/{X}/c", "/a/b/{Y}"}, []string{"/a/b/{Y} /a/{X}/c"}},
		{"in the other order of the file", []string{"/a/b/{Y}", "/a/{X}/c"}, []string{"/a/b/{Y} /a/{X}/c"}},
		{"of different lengths", []string{"/a/{X}/c", "/a/b/{Y}/d"}, nil},
		{"with other segments between", []string{"/a/{X}/m/c", "/a/b/n/{Y}"}, nil},
		{"with the same segments between", []string{"/a/{X}/m/c", "/a/b/{N}/{Y}"}, []string{"/a/b/{N}/{Y} /a/{X}/m/c"}},
		{"three", []string{"/{A}/y/z", "/x/{B}/z", "/x/y/{C}"}, []string{"/x/y/{C} /x/{B}/z", "/x/y/{C} /{A}/y/z", "/x/{B}/z /{A}/y/z"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if have := overlapping(test.paths...); !slices.Equal(have, test.want) {
				t.Errorf("have %q, want %q", have, test.want)
			}
		})
	}
}

// TestOverlapsByComparingAll compares the search with what is plainly right, and checks that no route is unreachable.
func TestOverlapsByComparingAll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var paths []string
		for range 6 {
			path := ""
			for i := range 1 + random.IntN(3) {
				path += "/" + []string{"a", "b", fmt.Sprintf("{P%d}", i)}[random.IntN(3)]
			}
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
		var want []string
		for _, a := range paths {
			for _, b := range paths {
				if before(a, b) && crosses(routes.Segments(a), routes.Segments(b)) {
					want = append(want, a+" "+b)
				}
			}
		}
		slices.Sort(want)
		if have := overlapping(paths...); !slices.Equal(have, want) {
			t.Fatalf("of %q: have %q, want %q", paths, have, want)
		}
	}
}

// before says whether a request is compared with a before it is compared with b.
func before(a, b string) bool {
	file := &routes.File{Routes: []routes.Route{{Path: a}, {Path: b}}}
	return file.Groups("")[0].Path == a && routes.Shape(a) != routes.Shape(b)
}

func crosses(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	var more, less bool
	for i := range a {
		_, aNamed := routes.Param(a[i])
		_, bNamed := routes.Param(b[i])
		switch {
		case aNamed && !bNamed:
			less = true
		case bNamed && !aNamed:
			more = true
		case !aNamed && a[i] != b[i]:
			return false
		}
	}
	return more && less
}

// TestTime: lint is on the way of every reload. It takes some 20 ms; the bound is for a busy machine and the race detector,
// and catches a step that is not linear.
func TestTime(t *testing.T) {
	honest := func(i int) string { return fmt.Sprintf("/api/v%d/thing%d/{Id}/part%d", i%9, i, i%5) }
	crossing := func(i int) string { // 25 million pairs of them meet
		return []string{fmt.Sprintf("/a/{X}/c%d/d", i), fmt.Sprintf("/a/b%d/{Y}/d", i)}[i%2]
	}
	searching := func(i int) string { // nearly every one must be compared with nearly every other, in vain
		return []string{fmt.Sprintf("/a/{X}/c%d/d%d", i, i), fmt.Sprintf("/a/b%d/{Y}/e%d", i, i)}[i%2]
	}
	for _, test := range []struct {
		name string
		path func(int) string
		want string
	}{
		{"honest", honest, ""},
		{"crossing", crossing, " matches "},
		{"in vain", searching, "too many paths with {Name} segments to compare all of them"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := &routes.File{Listeners: map[string]routes.Listener{"a": {}}, Upstreams: map[string]routes.Upstream{"u": {}}}
			for i := range 10_000 {
				file.Routes = append(file.Routes, routes.Route{
					Name: fmt.Sprint("r", i), Listener: "a", Upstream: "u", Path: test.path(i), Methods: []string{"GET"},
					Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"accounts"},
				})
			}
			found := Lint(file, known, now)
			overlap := slices.IndexFunc(found, func(p *yamlfile.Problem) bool { return p.ID == "route.overlap" })
			if (overlap >= 0) != (test.want != "") || overlap >= 0 && !strings.Contains(found[overlap].What, test.want) {
				t.Errorf("found %v", found)
			}
		})
	}
}
