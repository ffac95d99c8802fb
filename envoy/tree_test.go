package envoy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// TestTree takes every request around many sets of routes down the tree, as Envoy is to do it, and compares the route it
// ends at with that of a list which is read from the top.
func TestTree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	trees, lists := 0, 0
	for set := range 50 {
		i := read(t)
		i.file.Routes = overlapping(random, 5+random.IntN(150), float64(set%10)/10)
		resources, err := envoy.Translate(i.file, i.options)
		if err != nil {
			t.Fatal(err)
		}
		tree := readTree(t, resources)
		if len(tree.leaves) > 1 {
			trees++
		} else {
			lists++
		}
		// A path is in four leaves on the average, with four routes at most here; a leaf has one more for all other paths.
		if have, most := tree.size(), (4*4+1)*(len(i.file.Groups("mtls"))+1); have > most {
			t.Errorf("%d routes in the leaves, want %d at most", have, most)
		}
		for _, asked := range around(random, i.file.Routes, 100) {
			want := choice(i.file, asked.method, asked.path)
			if have := tree.choice(asked.method, asked.path); !maps.Equal(have, want) {
				t.Fatalf("%s %s: have %v, want %v, of\n%s", asked.method, asked.path, have, want, strings.Join(pathsOf(i.file.Routes), "\n"))
			}
		}
	}
	if trees < 10 || lists < 5 {
		t.Errorf("%d trees and %d lists: the test shows too little", trees, lists)
	}
}

// choice is what a request is to meet: the first path, of those that a listener has, that is the request's.
func choice(file *routes.File, method, target string) map[string]string {
	path, _, _ := strings.Cut(target, "?")
	have := strings.Split(path, "/")
	for _, group := range file.Groups("mtls") {
		want := strings.Split(group.Path, "/")
		same := len(want) == len(have)
		for n := 1; same && n < len(want); n++ {
			same = want[n] == have[n] || want[n][0] == '{' && have[n] != ""
		}
		if !same {
			continue
		}
		for _, route := range group.Routes {
			for _, allowed := range route.Methods {
				if allowed == method {
					return map[string]string{routes.ContextRoute: route.Name}
				}
			}
		}
		return map[string]string{routes.ContextRoute: group.Routes[len(group.Routes)-1].Name} // and the gate says 405
	}
	return map[string]string{}
}

// overlapping are routes whose paths get in each other's way: beginnings of others, and {Name} where others have a text.
func overlapping(random *rand.Rand, number int, named float64) []routes.Route {
	var all []routes.Route
	taken := map[string]bool{}
	add := func(path string) {
		route := routes.Route{
			Name: fmt.Sprintf("r%d", len(all)), Listener: "mtls", Path: path, Upstream: "accounts", Public: true,
			BodyLimit: routes.MaxBody, Facts: routes.FactsNone,
		}
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if key := method + routes.Shape(path); random.IntN(2) == 0 && !taken[key] {
				taken[key] = true
				route.Methods = append(route.Methods, method)
			}
		}
		if route.Methods != nil {
			all = append(all, route)
		}
	}
	for _, path := range []string{"/a", "/ab", "/a/b", "/a/b/c", "/a/list", "/a/{X1}", "/{Y0}/list", "/a/{X1}/c", "/{X0}/{X1}/c", "/{X0}"} {
		if random.Float64() < named || !strings.Contains(path, "{") {
			add(path)
		}
	}
	texts := []string{"a", "ab", "abc", "b", "c", "list", "a.b", "~a", "A", "..."}
	for range number {
		var path strings.Builder
		for depth := range 1 + random.IntN(4) {
			if random.Float64() < named && (depth > 0 || random.IntN(20) == 0) {
				fmt.Fprintf(&path, "/{X%d}", depth)
			} else {
				path.WriteString("/" + texts[random.IntN(len(texts))])
				if depth == 0 && random.IntN(4) > 0 {
					fmt.Fprint(&path, random.IntN(40))
				}
			}
		}
		add(path.String())
	}
	return all
}

type request struct{ method, path string }

// around are requests for the routes' paths and for such as look like them.
func around(random *rand.Rand, all []routes.Route, number int) []request {
	methods := []string{"GET", "POST", "DELETE", "PUT"}
	values := []string{"a", "ab", "abc", "b", "list", "x", "x;y", "a%20b", "%61", "{X0}", "...", "a&b=c", "~", "%C3%A9", ":"}
	changes := []func(string) string{
		func(p string) string { return p },
		func(p string) string { return p + "/" },
		func(p string) string { return p + "b" },
		func(p string) string { return p + "/list" },
		func(p string) string { return p[:len(p)-1] },
		func(p string) string { return p[:strings.LastIndexByte(p, '/')] },
		func(p string) string { return p + ";x=/a" },
		func(p string) string { return "/" + p },
		func(p string) string { return "/a/." + p },
		func(p string) string { return "/a/x/.." + p },
		func(p string) string { return "/ab/%2e%2e" + p },
		func(p string) string { return `/a\b` + p },
		func(p string) string { return strings.ToUpper(p) },
	}
	queries := []string{"", "", "", "?", "?x=1", "?/a/b/c", "?a=/ab?b;c", "?/../list"}
	var requests []request
	for range number {
		segments := strings.Split(all[random.IntN(len(all))].Path, "/")
		for n, segment := range segments {
			if strings.HasPrefix(segment, "{") || n > 0 && random.IntN(8) == 0 {
				segments[n] = values[random.IntN(len(values))]
			}
		}
		path := strings.Join(segments, "/")
		if random.IntN(2) == 0 {
			path = changes[random.IntN(len(changes))](path)
		}
		if path == "" {
			path = "/"
		}
		requests = append(requests, request{methods[random.IntN(len(methods))], path + queries[random.IntN(len(queries))]})
	}
	return requests
}

func pathsOf(all []routes.Route) []string {
	var paths []string
	for _, route := range all {
		paths = append(paths, fmt.Sprint(route.Name, " ", route.Methods, " ", route.Path))
	}
	return paths
}

// A tree is a listener's routes as Envoy reads them.
type tree struct {
	leaves      map[string][]leafRoute
	none        []leafRoute
	expressions map[string]*regexp.Regexp
}

type leafRoute struct {
	match   *routev3.RouteMatch
	path    *regexp.Regexp // nil where it is exact, or a prefix
	method  *regexp.Regexp // nil for any
	context map[string]string
}

func readTree(t *testing.T, resources *envoy.Resources) tree {
	t.Helper()
	for _, configuration := range resources.Routes {
		if configuration.GetName() == "mtls" {
			matcher := configuration.GetVirtualHosts()[0].GetMatcher()
			read := tree{leaves: map[string][]leafRoute{}, expressions: map[string]*regexp.Regexp{}}
			read.none = read.leaf(t, matcher.GetOnNoMatch())
			for prefix, leaf := range matcher.GetMatcherTree().GetPrefixMatchMap().GetMap() {
				read.leaves[prefix] = read.leaf(t, leaf)
			}
			return read
		}
	}
	t.Fatal("there are no routes")
	return tree{}
}

func (r tree) leaf(t *testing.T, found *xdsmatcherv3.Matcher_OnMatch) []leafRoute {
	t.Helper()
	list, leaf := new(routev3.RouteList), []leafRoute(nil)
	if err := found.GetAction().GetTypedConfig().UnmarshalTo(list); err != nil {
		t.Fatal(err)
	}
	for _, route := range list.GetRoutes() {
		one := leafRoute{match: route.GetMatch(), context: map[string]string{}}
		if packed := route.GetTypedPerFilterConfig()["envoy.filters.http.ext_authz"]; packed != nil {
			settings := new(authzv3.ExtAuthzPerRoute)
			if err := packed.UnmarshalTo(settings); err != nil {
				t.Fatal(err)
			}
			one.context = settings.GetCheckSettings().GetContextExtensions()
		}
		if expression := route.GetMatch().GetSafeRegex().GetRegex(); expression != "" {
			one.path = r.compile(expression)
		}
		for _, header := range route.GetMatch().GetHeaders() {
			expression := header.GetStringMatch().GetSafeRegex().GetRegex()
			if exact := header.GetStringMatch().GetExact(); exact != "" {
				expression = "^" + exact + "$"
			}
			one.method = r.compile(expression)
		}
		leaf = append(leaf, one)
	}
	if last := leaf[len(leaf)-1]; !proto.Equal(last.match, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}) || len(last.context) > 0 {
		t.Fatalf("a leaf does not end with what matches everything: %v", last.match)
	}
	return leaf
}

func (r tree) compile(expression string) *regexp.Regexp {
	if r.expressions[expression] == nil {
		r.expressions[expression] = regexp.MustCompile(expression)
	}
	return r.expressions[expression]
}

// size is how many routes the leaves have together.
func (r tree) size() int {
	size := 0
	for _, leaf := range r.leaves {
		size += len(leaf)
	}
	return size
}

// choice goes to the leaf of the longest text that the target begins with, and reads its list.
func (r tree) choice(method, target string) map[string]string {
	leaf, longest := r.none, -1
	for prefix := range r.leaves {
		if strings.HasPrefix(target, prefix) && len(prefix) > longest {
			leaf, longest = r.leaves[prefix], len(prefix)
		}
	}
	path, _, _ := strings.Cut(target, "?")
	for _, route := range leaf {
		exact, prefix := route.match.GetPath(), route.match.GetPrefix()
		if exact != "" && exact != path || route.path != nil && !route.path.MatchString(path) || !strings.HasPrefix(path, prefix) {
			continue
		}
		if route.method == nil || route.method.MatchString(method) {
			return route.context
		}
	}
	return nil
}
