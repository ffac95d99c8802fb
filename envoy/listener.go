package envoy

import (
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// bufferLimit is how far Envoy reads ahead of a slow reader on one connection. A body that a filter buffers may be larger.
const bufferLimit = 32 << 10

// listener depends neither on routes and rate plans nor on the version: whenever its bytes change, Envoy closes its
// connections within the drain time.
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
	if listener.ClientCertificate == routes.CertificateRequired { // a removed CA ends connections, as other settings do
		chain.Name += "/" + t.file.ClientCAs
	}
	if len(listener.ServerNames) > 0 { // a client that asks for another name, or for no name, gets no answer
		chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: listener.ServerNames}
		result.ListenerFiltersTimeout = handshake
		result.ListenerFilters = []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: t.pack(&inspectorv3.TlsInspector{})},
		}}
	}
	return result
}

// Limits of one connection and one request that routes.yaml cannot set. By default Envoy has them off or generous.
const (
	streamIdleTimeout = 30 * time.Second // routes with a longer timeout override it
	streamWindow      = 64 << 10
	connectionWindow  = 1 << 20

	// goAway is how long requests are still accepted after GOAWAY: those sent before the client received it.
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
		EarlyHeaderMutationExtensions: t.removeHeaders(),

		// The gate must be asked about exactly the request that is routed and passed on.
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
			IdleTimeout:           duration(edge.IdleTimeout),
			MaxConnectionDuration: duration(edge.ConnectionDuration),
			MaxHeadersCount:       number(edge.MaxHeaders),
			// Dropped by the codec, before anything reads them: x_dcr_facts is x-dcr-facts to many a server.
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_DROP_HEADER,
		},
		Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
			MaxConcurrentStreams:        number(edge.MaxStreams),
			InitialStreamWindowSize:     number(streamWindow),
			InitialConnectionWindowSize: number(connectionWindow),
		},
	}
	t.chooseRoutes(manager, listener)
	if t.options.Traces != nil {
		manager.Tracing = t.tracing()
	}
	return manager
}

// chooseRoutes refers to the RouteConfiguration by name, so that the listener stays the same when routes change.
func (t *translation) chooseRoutes(manager *managerv3.HttpConnectionManager, listener string) {
	if t.static {
		manager.RouteSpecifier = &managerv3.HttpConnectionManager_RouteConfig{RouteConfig: t.routeConfiguration(listener)}
		return
	}
	manager.RouteSpecifier = &managerv3.HttpConnectionManager_Rds{
		Rds: &managerv3.Rds{ConfigSource: ads(), RouteConfigName: listener},
	}
}

// kibibytes rounds up: Envoy limits headers in KiB.
func kibibytes(size routes.Size) uint32 { return (uint32(size) + 1<<10 - 1) >> 10 }

// nobodyInternal names an address that no client can have. For an empty list Envoy trusts private networks and loopback,
// and their clients could set x-envoy-* and x-request-id.
func nobodyInternal() *managerv3.HttpConnectionManager_InternalAddressConfig {
	return &managerv3.HttpConnectionManager_InternalAddressConfig{
		CidrRanges: []*corev3.CidrRange{{AddressPrefix: "255.255.255.255", PrefixLen: number(32)}},
	}
}

// logFields are the members of a line of the access log. It has the name of the route instead of the path, which names
// clients and may carry anything in its query. The only client header in it is the id that the gate or Envoy has checked.
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
	if t.options.Traces != nil {
		fields.Fields[trace.TraceID] = structpb.NewStringValue("%TRACE_ID%")
	}
	return []*accesslogv3.AccessLog{{
		Name: "envoy.access_loggers.file",
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_NotHealthCheckFilter{
			NotHealthCheckFilter: &accesslogv3.NotHealthCheckFilter{}, // load balancers ask every second
		}},
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: t.pack(&filev3.FileAccessLog{
			Path: t.options.AccessLog,
			AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
				Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: fields},
			}},
		})},
	}}
}
