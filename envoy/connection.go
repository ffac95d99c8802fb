package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// Limits of one connection and one request that are not for routes.yaml to say. All of them are off or generous in Envoy
// by default.
const (
	streamIdleTimeout = 30 * time.Second // routes that may take longer say so
	streamWindow      = 64 << 10
	connectionWindow  = 1 << 20

	// goAway is how long a client that is told to go may begin requests still: those it sent before it knew.
	goAway = time.Second
)

func (t *translation) connectionManager(listener string) *managerv3.HttpConnectionManager {
	edge := &t.file.Edge
	manager := &managerv3.HttpConnectionManager{
		StatPrefix:       listener,
		HttpFilters:      t.filters(),
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
		RequestTimeout:                 duration(edge.RequestTimeout),
		RequestHeadersTimeout:          duration(edge.HeaderTimeout),
		MaxRequestHeadersKb:            number(kibibytes(edge.MaxHeader)),
		Http1SafeMaxConnectionDuration: true,
		DrainTimeout:                   duration(min(goAway, edge.DrainTime/2)),
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{
			IdleTimeout:                  duration(edge.IdleTimeout),
			MaxConnectionDuration:        duration(edge.ConnectionDuration),
			MaxHeadersCount:              number(edge.MaxHeaders),
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
		},
		Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
			MaxConcurrentStreams:        number(edge.MaxStreams),
			InitialStreamWindowSize:     number(streamWindow),
			InitialConnectionWindowSize: number(connectionWindow),
		},
	}
	t.chooseRoutes(manager, listener)
	return manager
}

// chooseRoutes names the RouteConfiguration, so that the listener stays as it is when routes come and go.
func (t *translation) chooseRoutes(manager *managerv3.HttpConnectionManager, listener string) {
	if t.static {
		manager.RouteSpecifier = &managerv3.HttpConnectionManager_RouteConfig{RouteConfig: t.routeConfiguration(listener)}
		return
	}
	manager.RouteSpecifier = &managerv3.HttpConnectionManager_Rds{
		Rds: &managerv3.Rds{ConfigSource: ads(), RouteConfigName: listener},
	}
}

// kibibytes rounds up, for Envoy counts headers in these.
func kibibytes(size routes.Size) uint32 { return (uint32(size) + 1<<10 - 1) >> 10 }

// nobodyInternal names an address that no client can have: Envoy takes an empty list for the private networks and the
// loopback, whose clients could then set x-envoy-* and x-request-id as they like.
func nobodyInternal() *managerv3.HttpConnectionManager_InternalAddressConfig {
	return &managerv3.HttpConnectionManager_InternalAddressConfig{
		CidrRanges: []*corev3.CidrRange{{AddressPrefix: "255.255.255.255", PrefixLen: number(32)}},
	}
}
