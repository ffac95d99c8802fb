package envoy

import (
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// bufferLimit is what Envoy reads ahead of a slow reader on one connection. A body that is held until it is whole may be
// larger.
const bufferLimit = 32 << 10

// listener depends on nothing that a route or a rate plan says, nor on the version: whenever its bytes change, Envoy
// closes its connections in the course of the drain time.
func (t *translation) listener(name string, listener routes.Listener) *listenerv3.Listener {
	handshake := duration(t.file.Edge.HandshakeTimeout)
	chain := &listenerv3.FilterChain{
		Name: name,
		Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: t.pack(t.connectionManager(name))},
		}},
		TransportSocket:               t.transportSocket(t.downstreamTLS(name, &listener)),
		TransportSocketConnectTimeout: handshake,
	}
	result := &listenerv3.Listener{
		Name:                          name,
		Address:                       t.address(listener.Address),
		PerConnectionBufferLimitBytes: number(bufferLimit),
		FilterChains:                  []*listenerv3.FilterChain{chain},
	}
	if len(listener.ServerNames) > 0 { // who asks for another name, or for none, is not answered at all
		chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: listener.ServerNames}
		result.ListenerFiltersTimeout = handshake
		result.ListenerFilters = []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: t.pack(&inspectorv3.TlsInspector{})},
		}}
	}
	return result
}

// Limits of one connection and one request that are not for routes.yaml to say. All of them are off or generous in Envoy
// by default.
const (
	streamIdleTimeout = 30 * time.Second // routes that may take longer say so
	streamWindow      = 64 << 10
	connectionWindow  = 1 << 20

	// goAway is how long a client may still begin requests after GOAWAY: those that it sent before it received that.
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

// reserved are the prefixes of the headers by which the parts behind Envoy know who is asking, and of those that control
// Envoy itself:
// "any occurrence of the Client-Cert ... header field in the original incoming request" must go (RFC 9440, section 2.4).
// Headers of a proxy in front of Envoy are a client's invention: no proxy there could read the request.
func reserved() []string {
	return []string{"x-dcr-", "x-envoy-", "client-cert", "x-forwarded-", "forwarded"}
}

// elsewhere are headers that make some servers use another method or path than the one that the gate decided about.
func elsewhere() []string {
	return []string{"x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override"}
}

// reservedHeaders removes these from what a client sends, before anything reads them.
func (t *translation) reservedHeaders() []*corev3.TypedExtensionConfig {
	var matchers []*matcherv3.StringMatcher
	for _, prefix := range reserved() {
		matchers = append(matchers, &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: prefix}})
	}
	for _, name := range elsewhere() {
		matchers = append(matchers, &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: name}})
	}
	var mutations []*mutationv3.HeaderMutation
	for _, matcher := range matchers {
		mutations = append(mutations, &mutationv3.HeaderMutation{Action: &mutationv3.HeaderMutation_RemoveOnMatch_{
			RemoveOnMatch: &mutationv3.HeaderMutation_RemoveOnMatch{KeyMatcher: matcher},
		}})
	}
	return []*corev3.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: t.pack(&earlyv3.HeaderMutation{Mutations: mutations}),
	}}
}

// logFields are the members of a line of the access log. The path is there as the name of its route alone: it names
// clients and, in its query, may carry whatever a client puts there. No header of a client's is there but the id that
// the gate, or Envoy, has made sure of.
var logFields = map[string]string{
	"time":           "%START_TIME%",
	"request_id":     "%REQ(x-request-id)%",
	"interaction_id": "%RESP(" + interactionID + ")%",
	"decision":       "%DYNAMIC_METADATA(" + authzFilter + ":" + routes.MetadataDecision + ")%",
	"client":         "%DYNAMIC_METADATA(" + authzFilter + ":" + routes.MetadataClient + ")%",
	"route":          "%ROUTE_NAME%",
	"method":         "%REQ(:method)%",
	"protocol":       "%PROTOCOL%",
	"status":         "%RESPONSE_CODE%",
	"details":        "%RESPONSE_CODE_DETAILS%",
	"flags":          "%RESPONSE_FLAGS%",
	"duration_ms":    "%DURATION%",
	"gate_us":        "%FILTER_STATE(" + authzFilter + ":FIELD:latency_us)%",
	"bytes_in":       "%BYTES_RECEIVED%",
	"bytes_out":      "%BYTES_SENT%",
	"source":         "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
}

func (t *translation) accessLog(listener string) []*accesslogv3.AccessLog {
	fields := &structpb.Struct{Fields: map[string]*structpb.Value{"listener": structpb.NewStringValue(listener)}}
	for name, value := range logFields {
		fields.Fields[name] = structpb.NewStringValue(value)
	}
	return []*accesslogv3.AccessLog{{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: t.pack(&filev3.FileAccessLog{
			Path: t.options.AccessLog,
			AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
				Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: fields},
			}},
		})},
	}}
}
