package envoy

import (
	"time"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

// Limits of one connection and one request. All of them are off or generous in Envoy by default.
const (
	idleTimeout           = 2 * time.Minute
	connectionDuration    = 15 * time.Minute // so that a client's certificate is verified again
	streamIdleTimeout     = 30 * time.Second
	requestTimeout        = 15 * time.Second // for a client to send the whole request
	requestHeadersTimeout = 5 * time.Second
	maxHeaders            = 64
	maxHeadersKiB         = 32
	maxStreams            = 100
	streamWindow          = 64 << 10
	connectionWindow      = 1 << 20
)

func (t *translation) connectionManager(listener string) *managerv3.HttpConnectionManager {
	return &managerv3.HttpConnectionManager{
		StatPrefix:     listener,
		RouteSpecifier: &managerv3.HttpConnectionManager_RouteConfig{RouteConfig: t.routeConfiguration(listener)},
		HttpFilters: []*managerv3.HttpFilter{
			t.filter(bufferFilter, bodyBuffer(routes.MaxBody)),
			t.filter(authzFilter, t.extAuthz()),
			// Nothing may stand between the gate and the router: a filter that makes Envoy choose the route anew undoes the gate's decision.
			t.filter("envoy.filters.http.router", &routerv3.Router{SuppressEnvoyHeaders: true}),
		},
		LocalReplyConfig: localReplies(),
		AccessLog:        t.accessLog(listener),

		// The edge believes nothing a client says about itself.
		UseRemoteAddress:              yes(),
		InternalAddressConfig:         nobodyInternal(),
		GenerateRequestId:             yes(),
		ForwardClientCertDetails:      managerv3.HttpConnectionManager_SANITIZE,
		EarlyHeaderMutationExtensions: t.reservedHeaders(),

		// What the gate is asked about is what is routed and what is passed on.
		NormalizePath:                yes(),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: managerv3.HttpConnectionManager_REJECT_REQUEST,
		ServerHeaderTransformation:   managerv3.HttpConnectionManager_PASS_THROUGH,

		StreamIdleTimeout:              duration(streamIdleTimeout),
		RequestTimeout:                 duration(requestTimeout),
		RequestHeadersTimeout:          duration(requestHeadersTimeout),
		MaxRequestHeadersKb:            number(maxHeadersKiB),
		Http1SafeMaxConnectionDuration: true,
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{
			IdleTimeout:                  duration(idleTimeout),
			MaxConnectionDuration:        duration(connectionDuration),
			MaxHeadersCount:              number(maxHeaders),
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
		},
		Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
			MaxConcurrentStreams:        number(maxStreams),
			InitialStreamWindowSize:     number(streamWindow),
			InitialConnectionWindowSize: number(connectionWindow),
		},
	}
}

func (t *translation) filter(name string, config proto.Message) *managerv3.HttpFilter {
	return &managerv3.HttpFilter{Name: name, ConfigType: &managerv3.HttpFilter_TypedConfig{TypedConfig: t.pack(config)}}
}

// reservedHeaders removes the headers by which the parts behind Envoy know who is asking, and by which it is told what to
// do, before anything reads them:
// "any occurrence of the Client-Cert ... header field in the original incoming request" must go (RFC 9440, section 2.4).
func (t *translation) reservedHeaders() []*corev3.TypedExtensionConfig {
	var mutations []*mutationv3.HeaderMutation
	for _, matcher := range []*matcherv3.StringMatcher{
		{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "x-dcr-"}},
		{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "x-envoy-"}},
		{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "client-cert"}},
	} {
		mutations = append(mutations, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_RemoveOnMatch_{
			RemoveOnMatch: &mutationv3.HeaderMutation_RemoveOnMatch{KeyMatcher: matcher},
		}})
	}
	return []*corev3.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: t.pack(&earlyv3.HeaderMutation{Mutations: mutations}),
	}}
}

// nobodyInternal names an address that no client can have: Envoy takes an empty list for the private networks and the
// loopback, whose clients could then set x-envoy-* and x-request-id as they like.
func nobodyInternal() *managerv3.HttpConnectionManager_InternalAddressConfig {
	return &managerv3.HttpConnectionManager_InternalAddressConfig{
		CidrRanges: []*corev3.CidrRange{{AddressPrefix: "255.255.255.255", PrefixLen: number(32)}},
	}
}
