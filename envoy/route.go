package envoy

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// interactionID is in every response: "shall set the response header x-fapi-interaction-id to the value received from
// the corresponding FAPI client request header or to a RFC 4122 UUID value if the request header was not provided"
// (FAPI 1.0 Baseline, section 6.2.1-11). The gate sets the request header to one of the two.
const interactionID = decision.InteractionHeader

// routeConfiguration has the routes of routes.yaml for each path, and one route for all other paths. The gate is asked on
// all of them, and answers 405 and 404 itself.
func (t *translation) routeConfiguration(listener string) *routev3.RouteConfiguration {
	return &routev3.RouteConfiguration{
		Name: listener,
		VirtualHosts: []*routev3.VirtualHost{{
			Name:                    listener,
			Domains:                 []string{"*"}, // the gate knows which names a listener has
			Matcher:                 t.tree(t.file.Groups(listener)),
			ResponseHeadersToAdd:    append(hardened(), overwrite(interactionID, "%REQ("+interactionID+")%")),
			ResponseHeadersToRemove: []string{"server"},
			TypedPerFilterConfig:    t.hostSettings(listener),
		}},
	}
}

// group returns the routes of one path. The last one also matches all other methods: the gate knows which are allowed.
func (t *translation) group(group *routes.Group) []*routev3.Route {
	list := make([]*routev3.Route, len(group.Routes))
	for i, route := range group.Routes {
		list[i] = t.route(route)
	}
	list[len(list)-1].Match.Headers = nil
	return list
}

// hostSettings are the filter settings of routes without their own: those that no upstream serves. Nobody needs their
// bodies, but a client that still sends one when it is answered may see a reset instead of the answer. Routes add to the context. Rate plans are only here, so that the routes of one plan share its buckets.
func (t *translation) hostSettings(listener string) map[string]*anypb.Any {
	settings := map[string]*anypb.Any{
		authzFilter: t.question(smallBody(), map[string]string{
			routes.ContextListener: listener,
			routes.ContextVersion:  t.file.Version,
		}),
		bodyFilter:   t.noBuffer(),
		uploadFilter: t.noBuffer(),
	}
	if limit := t.perSource(); limit != nil {
		settings[sourceFilter] = t.pack(limit)
	}
	if limit := t.perClient(); limit != nil {
		settings[clientFilter] = t.pack(limit)
	}
	return settings
}

func (t *translation) route(route *routes.Route) *routev3.Route {
	match := pathMatch(route.Path)
	match.Headers = []*routev3.HeaderMatcher{t.methodMatch(route.Methods)}
	result := &routev3.Route{
		Name:                 route.Name,
		Match:                match,
		Action:               t.action(target{route.Upstream, route.Timeout}),
		TypedPerFilterConfig: t.routeSettings(route),
	}
	if route.Plan != "" {
		result.Metadata = t.planMetadata(route.Plan)
	}
	result.RequestHeadersToRemove = t.file.Upstreams[route.Upstream].StripHeaders
	if !route.Token { // removed on the way to the upstream, after the gate has read it
		result.RequestHeadersToRemove = append(slices.Clip(result.RequestHeadersToRemove), "authorization")
	}
	return result
}

func (t *translation) routeSettings(route *routes.Route) map[string]*anypb.Any {
	filter, shown := bodyOf(route)
	return map[string]*anypb.Any{
		authzFilter: t.question(shown, map[string]string{routes.ContextRoute: route.Name}),
		filter:      t.buffer(route.BodyLimit),
	}
}

func otherPaths() *routev3.Route {
	result := nobody(routes.OtherPaths, http.StatusNotFound)
	result.Match = &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	return result
}

// nobody is a route without an upstream. Clients see its response only if the gate allows a request that no route serves.
func nobody(name string, status uint32) *routev3.Route {
	return &routev3.Route{
		Name:   name,
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}},
	}
}

// pathMatch matches a whole path, without its query. A {Name} matches one segment of any characters but the slash.
func pathMatch(path string) *routev3.RouteMatch {
	if !strings.Contains(path, "{") {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: path}}
	}
	var expression strings.Builder
	for _, segment := range routes.Segments(path) {
		if _, named := routes.Param(segment); named {
			expression.WriteString("/[^/]+")
		} else {
			expression.WriteString("/" + regexp.QuoteMeta(segment))
		}
	}
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{
		SafeRegex: &matcherv3.RegexMatcher{Regex: "^" + expression.String() + "$"},
	}}
}

func (t *translation) methodMatch(methods []string) *routev3.HeaderMatcher {
	alternatives := strings.Join(methods, "|")
	return once(t.methods, alternatives, func() *routev3.HeaderMatcher {
		pattern := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: methods[0]}}
		if len(methods) > 1 {
			pattern.MatchPattern = &matcherv3.StringMatcher_SafeRegex{
				SafeRegex: &matcherv3.RegexMatcher{Regex: "^(" + alternatives + ")$"},
			}
		}
		return &routev3.HeaderMatcher{
			Name:                 ":method",
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: pattern},
		}
	})
}

// A target is where an allowed request goes.
type target struct {
	upstream string
	timeout  time.Duration
}

func (t *translation) action(to target) *routev3.Route_Route {
	return once(t.actions, to, func() *routev3.Route_Route {
		upstream := t.file.Upstreams[to.upstream]
		action := &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: to.upstream},
			Timeout:          duration(to.timeout),
		}
		if to.timeout >= streamIdleTimeout { // the stream is idle while an upstream works
			action.IdleTimeout = duration(to.timeout + streamIdleTimeout)
		}
		if upstream.Host != "" {
			action.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: upstream.Host}
		}
		if upstream.Retries > 0 {
			action.RetryPolicy = t.unseenOnly(&upstream)
		}
		return &routev3.Route_Route{Route: action}
	})
}

// attemptsOfName is how often Envoy looks for a server that has not been asked yet, where nobody knows how many there are.
const attemptsOfName = 3

// unseenOnly retries a request only if the upstream has not seen it, so that clients do not notice its restart. If there is
// another server, the retry goes there at once.
func (t *translation) unseenOnly(upstream *routes.Upstream) *routev3.RetryPolicy {
	policy := &routev3.RetryPolicy{
		RetryOn:    "connect-failure,refused-stream",
		NumRetries: number(upstream.Retries),
		RetryBackOff: &routev3.RetryPolicy_RetryBackOff{
			BaseInterval: duration(250 * time.Millisecond),
			MaxInterval:  duration(500 * time.Millisecond),
		},
	}
	several := len(upstream.Address) > 1
	if several {
		policy.RetryBackOff.BaseInterval = duration(10 * time.Millisecond)
	}
	if several || isName(upstream.Address[0]) { // a name may lead to several servers too
		policy.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: t.pack(&previousv3.PreviousHostsPredicate{}),
			},
		}}
		policy.HostSelectionRetryMaxAttempts = int64(max(len(upstream.Address), attemptsOfName))
	}
	return policy
}
