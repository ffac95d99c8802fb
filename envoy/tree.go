package envoy

import (
	"maps"
	"slices"
	"strings"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	inputv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// A leaf has all that a request can meet whose path begins with a text, and with no longer one of another leaf.
type leaf struct {
	prefix string
	groups []int // in the order in which the request is compared with them
}

// maxCopies is how many leaves a group may be in, on the average. A file with so many paths that begin with a {Name} gets
// one leaf, which is slow but not large.
const maxCopies = 4

// leaves sort groups by the texts their paths begin with, up to the first {Name}. Envoy compares a request with one route
// after the other, which takes milliseconds where there are thousands of them; a leaf it finds at once.
//
// A group whose path has a {Name} is also in the leaves whose texts begin with its own. No other group can be met there.
func leaves(groups []routes.Group) []leaf {
	own := map[string][]int{"/": nil} // there is a leaf for every request
	for i := range groups {
		prefix, _, _ := strings.Cut(groups[i].Path, "{")
		own[prefix] = append(own[prefix], i)
	}
	var all []leaf
	var above []string // what the present text begins with and a {Name} follows
	copies := 0
	for _, prefix := range slices.Sorted(maps.Keys(own)) {
		for len(above) > 0 && !strings.HasPrefix(prefix, above[len(above)-1]) {
			above = above[:len(above)-1]
		}
		members := slices.Clone(own[prefix])
		for _, shorter := range above {
			members = append(members, own[shorter]...)
		}
		if copies += len(members); copies > maxCopies*(len(groups)+1) {
			return []leaf{everything(groups)}
		}
		slices.Sort(members)
		all = append(all, leaf{prefix, members})
		if strings.HasSuffix(prefix, "/") {
			above = append(above, prefix)
		}
	}
	return all
}

func everything(groups []routes.Group) leaf {
	one := leaf{prefix: "/"}
	for i := range groups {
		one.groups = append(one.groups, i)
	}
	return one
}

// tree finds a request's leaf by its path.
func (t *translation) tree(groups []routes.Group) *xdsmatcherv3.Matcher {
	made := make([][]*routev3.Route, len(groups))
	for i := range groups {
		made[i] = t.group(&groups[i])
	}
	otherPaths := otherPaths() // is the last of each leaf: without a route the gate would not be asked
	found := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for _, leaf := range leaves(groups) {
		var list []*routev3.Route
		for _, i := range leaf.groups {
			list = append(list, made[i]...)
		}
		found[leaf.prefix] = t.oneOf(append(list, otherPaths))
	}
	return &xdsmatcherv3.Matcher{
		MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
			Input: &xdscorev3.TypedExtensionConfig{
				Name:        "path",
				TypedConfig: t.pack(&inputv3.HttpRequestHeaderMatchInput{HeaderName: ":path"}),
			},
			TreeType: &xdsmatcherv3.Matcher_MatcherTree_PrefixMatchMap{
				PrefixMatchMap: &xdsmatcherv3.Matcher_MatcherTree_MatchMap{Map: found},
			},
		}},
		OnNoMatch: t.oneOf([]*routev3.Route{otherPaths}),
	}
}

// oneOf is the routes of a leaf.
func (t *translation) oneOf(list []*routev3.Route) *xdsmatcherv3.Matcher_OnMatch {
	return &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{
		Action: &xdscorev3.TypedExtensionConfig{Name: "routes", TypedConfig: t.pack(&routev3.RouteList{Routes: list})},
	}}
}
