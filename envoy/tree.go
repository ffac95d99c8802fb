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

// A leaf holds all groups that can match a request whose path starts with its prefix and with no longer prefix of another
// leaf.
type leaf struct {
	prefix string
	groups []int // in matching order
}

// maxCopies is how many leaves a group may be in, on average. A file with more paths that begin with a {Name} gets a single
// leaf, which is slow but not large.
const maxCopies = 4

// leaves sorts groups by the prefix of their paths, up to the first {Name}. Envoy matches routes one after the other, which
// takes milliseconds for thousands of them; it finds a leaf at once.
//
// A group whose path has a {Name} is also in the leaves whose prefixes extend its own. No other group can match there.
func leaves(groups []routes.Group) []leaf {
	own := map[string][]int{"/": nil} // there is a leaf for every request
	for i := range groups {
		prefix, _, _ := strings.Cut(groups[i].Path, "{")
		own[prefix] = append(own[prefix], i)
	}
	var all []leaf
	var above []string // prefixes of the current one that a {Name} follows
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
	otherPaths := otherPaths() // ends each leaf: without a route Envoy would not ask the gate
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

// oneOf returns the routes of a leaf.
func (t *translation) oneOf(list []*routev3.Route) *xdsmatcherv3.Matcher_OnMatch {
	return &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{
		Action: &xdscorev3.TypedExtensionConfig{Name: "routes", TypedConfig: t.pack(&routev3.RouteList{Routes: list})},
	}}
}
