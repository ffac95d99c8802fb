package envoy

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

// interactionID comes with every answer: "shall set the response header x-fapi-interaction-id to the value received from
// the corresponding FAPI client request header or to a RFC 4122 UUID value if the request header was not provided"
// (FAPI 1.0 Baseline, section 6.2.1-11). The gate sets the request's header to the one or the other.
const interactionID = "x-fapi-interaction-id"

// routeConfiguration has, for each path, a route per routes.yaml and one for all other methods; and one for all other
// paths. The gate is asked on each of them, and answers 405 and 404 itself.
func (t *translation) routeConfiguration(listener string) *routev3.RouteConfiguration {
	var list []*routev3.Route
	for _, group := range t.paths(listener) {
		for _, route := range group {
			list = append(list, t.route(route))
		}
		list = append(list, t.otherMethods(listener, group[0].Path))
	}
	list = append(list, t.otherPaths(listener))
	return &routev3.RouteConfiguration{
		Name: listener,
		VirtualHosts: []*routev3.VirtualHost{{
			Name:                    listener,
			Domains:                 []string{"*"},
			Routes:                  list,
			ResponseHeadersToAdd:    []*corev3.HeaderValueOption{overwrite(interactionID, "%REQ("+interactionID+")%")},
			ResponseHeadersToRemove: []string{"server"},
		}},
	}
}

// paths returns the routes of a listener by path, the most specific path first.
func (t *translation) paths(listener string) [][]*routes.Route {
	var own []*routes.Route
	for i := range t.file.Routes {
		if t.file.Routes[i].Listener == listener {
			own = append(own, &t.file.Routes[i])
		}
	}
	slices.SortStableFunc(own, func(a, b *routes.Route) int { return routes.ComparePaths(a.Path, b.Path) })
	var groups [][]*routes.Route
	for i, route := range own {
		if i == 0 || routes.Shape(own[i-1].Path) != routes.Shape(route.Path) {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], route)
	}
	return groups
}

func (t *translation) route(route *routes.Route) *routev3.Route {
	match := pathMatch(route.Path)
	match.Headers = []*routev3.HeaderMatcher{methodMatch(route.Methods)}
	action := &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: route.Upstream},
		Timeout:          duration(route.Timeout),
	}
	if route.Endpoint != "" {
		action.RetryPolicy = unseenOnly()
	}
	result := &routev3.Route{
		Name:   route.Name,
		Match:  match,
		Action: &routev3.Route_Route{Route: action},
		TypedPerFilterConfig: t.filterSettings(route.BodyLimit, map[string]string{
			routes.ContextListener: route.Listener,
			routes.ContextRoute:    route.Name,
			routes.ContextVersion:  t.file.Version,
		}),
	}
	if !route.Token { // the gate has read it; removed on the way to the upstream
		result.RequestHeadersToRemove = []string{"authorization"}
	}
	return result
}

// unseenOnly sends a request again only where the registry has not seen it, so that its restart is not noticed.
func unseenOnly() *routev3.RetryPolicy {
	return &routev3.RetryPolicy{
		RetryOn:    "connect-failure,refused-stream",
		NumRetries: number(1),
		RetryBackOff: &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: duration(250 * time.Millisecond),
			MaxInterval:  duration(500 * time.Millisecond),
		},
	}
}

func (t *translation) otherMethods(listener, path string) *routev3.Route {
	allowed := strings.Join(t.file.Allowed(listener, routes.Shape(path)), ", ")
	result := t.nobody("other-methods", http.StatusMethodNotAllowed, map[string]string{
		routes.ContextListener: listener,
		routes.ContextVersion:  t.file.Version,
		routes.ContextAllow:    allowed,
	})
	result.Match = pathMatch(path)
	result.ResponseHeadersToAdd = []*corev3.HeaderValueOption{overwrite("allow", allowed)}
	return result
}

func (t *translation) otherPaths(listener string) *routev3.Route {
	result := t.nobody("other-paths", http.StatusNotFound, map[string]string{
		routes.ContextListener: listener,
		routes.ContextVersion:  t.file.Version,
	})
	result.Match = &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	return result
}

// nobody is a route without an upstream. Its own answer is seen only where the gate let on what nobody serves.
func (t *translation) nobody(name string, status uint32, context map[string]string) *routev3.Route {
	return &routev3.Route{
		Name:                 name,
		Action:               &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}},
		TypedPerFilterConfig: t.filterSettings(0, context),
	}
}

// pathMatch matches a whole path, without its query. A param is one segment of any characters but the slash.
func pathMatch(path string) *routev3.RouteMatch {
	var expression strings.Builder
	named := false
	for _, segment := range routes.Segments(path) {
		if _, ok := routes.Param(segment); ok {
			named = true
			expression.WriteString("/[^/]+")
		} else {
			expression.WriteString("/" + regexp.QuoteMeta(segment))
		}
	}
	if !named {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: path}}
	}
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{
		SafeRegex: &matcherv3.RegexMatcher{Regex: "^" + expression.String() + "$"},
	}}
}

func methodMatch(methods []string) *routev3.HeaderMatcher {
	pattern := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: methods[0]}}
	if len(methods) > 1 {
		expression := "^(" + strings.Join(methods, "|") + ")$"
		pattern.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: expression}}
	}
	return &routev3.HeaderMatcher{
		Name:                 ":method",
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: pattern},
	}
}
