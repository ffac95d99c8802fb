package envoy

import (
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	detectorsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/tracers/opentelemetry/resource_detectors/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// exportTimeout is for one batch of spans. No request waits for it.
const exportTimeout = 5 * time.Second

// spanTags are the attributes that Envoy's spans have in addition to its own: what the access log has too.
var spanTags = map[string]string{
	"dcr.route":       "%ROUTE_NAME%",
	"dcr.decision":    logFields["decision"],
	"dcr.client":      logFields["client"],
	"dcr.interaction": logFields["interaction_id"],
	"user_agent":      "-", // Envoy's own, which would be the client's words
}

// tracing begins a trace for each request; the gate, the registry and the bank's services continue it. Envoy records a share
// of them at random, whatever the client wants.
func (t *translation) tracing() *managerv3.HttpConnectionManager_Tracing {
	tracing := &managerv3.HttpConnectionManager_Tracing{
		ClientSampling:    &typev3.Percent{Value: 0},
		RandomSampling:    &typev3.Percent{Value: t.options.Traces.Ratio * 100},
		MaxPathTagLength:  number(uint32(0)), // a path names clients, and its query may hold anything
		SpawnUpstreamSpan: yes(),
		Operation:         "%REQ(:method)% %ROUTE_NAME%",
		UpstreamOperation: "%REQ(:method)% %UPSTREAM_CLUSTER%",
		Provider: &tracev3.Tracing_Http{
			Name:       "envoy.tracers.opentelemetry",
			ConfigType: &tracev3.Tracing_Http_TypedConfig{TypedConfig: t.pack(t.openTelemetry())},
		},
	}
	for _, name := range slices.Sorted(maps.Keys(spanTags)) {
		tracing.CustomTags = append(tracing.CustomTags, &tracingv3.CustomTag{Tag: name, Type: &tracingv3.CustomTag_Value{Value: spanTags[name]}})
	}
	return tracing
}

func (t *translation) openTelemetry() *tracev3.OpenTelemetryConfig {
	to := t.options.Traces
	attributes := map[string]string{"service.namespace": "dcr-gateway"}
	maps.Copy(attributes, to.Resources)
	config := &tracev3.OpenTelemetryConfig{
		ServiceName: to.Service("envoy"),
		GrpcService: &corev3.GrpcService{
			TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
				ClusterName: routes.TracesCluster, Authority: to.Address(),
			}},
			Timeout: duration(exportTimeout),
		},
		ResourceDetectors: []*corev3.TypedExtensionConfig{{
			Name:        "envoy.tracers.opentelemetry.resource_detectors.static_config",
			TypedConfig: t.pack(&detectorsv3.StaticConfigResourceDetectorConfig{Attributes: attributes}),
		}},
	}
	for _, name := range slices.Sorted(maps.Keys(to.Headers)) {
		config.GrpcService.InitialMetadata = append(config.GrpcService.InitialMetadata, &corev3.HeaderValue{Key: name, Value: to.Headers[name]})
	}
	return config
}

// tracesTLS is the collector's TLS in the words of routes.yaml, where upstreams have the same.
func tracesTLS(to *trace.Collector) *routes.UpstreamTLS {
	return &routes.UpstreamTLS{CA: to.CA, ServerName: to.Host, Certificate: to.Certificate, Key: to.Key}
}

func (t *translation) tracesCluster() *clusterv3.Cluster {
	to := t.options.Traces
	cluster := t.cluster(routes.TracesCluster, []string{to.Address()}, http2(new(corev3.Http2ProtocolOptions)))
	if to.TLS {
		context := t.upstreamTLS(routes.TracesCluster, tracesTLS(to))
		context.CommonTlsContext.AlpnProtocols = []string{"h2"} // gRPC servers insist on it
		cluster.TransportSocket = t.transportSocket(context)
	}
	return cluster
}

// tracesSecrets are those of the connection to the collector.
func tracesSecrets(to *trace.Collector) []secretSource {
	if to == nil || !to.TLS {
		return nil
	}
	return upstreamSecrets(routes.TracesCluster, "the collector of traces", tracesTLS(to))
}
