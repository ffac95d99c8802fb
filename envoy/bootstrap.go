package envoy

import (
	"bytes"
	"encoding/json"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	heapv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// nodeName is Envoy's node id and cluster.
	nodeName = "dcr-gateway"

	// The back-off of an Envoy that has lost its xDS server.
	reconnectBase = 100 * time.Millisecond
	reconnectMax  = time.Second

	// A server that does not answer a ping is gone. gRPC servers close connections that ping more often than they permit.
	keepaliveInterval = time.Minute
	keepaliveTimeout  = 5 * time.Second

	// maxPattern is the largest RE2 program size of a pattern; the longest path needs some 1,100 instructions.
	maxPattern = 4096
)

// Bootstrap returns Envoy's bootstrap, with which it gets everything else over Delta ADS from o.XDS. Envoy opens no port
// until it has received a listener with its routes and certificates.
func Bootstrap(file *routes.File, o Options) (*bootstrapv3.Bootstrap, error) {
	t := newTranslation(file, o)
	return t.bootstrap(&bootstrapv3.Bootstrap{
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{t.xdsCluster()}},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: xdsSource(), LdsConfig: ads(), CdsConfig: ads(),
		},
	})
}

// Render returns the complete static equivalent of what Translate and Secrets provide over xDS. It names the files of
// certificates and keys, and inlines clientCAs, a PEM bundle of the CAs of client certificates.
func Render(file *routes.File, o Options, clientCAs []byte) (*bootstrapv3.Bootstrap, error) {
	clients, err := clientAuthorities(file, clientCAs)
	if err != nil {
		return nil, err
	}
	t := newTranslation(file, o)
	t.static = true
	resources := t.resources()
	return t.bootstrap(&bootstrapv3.Bootstrap{StaticResources: &bootstrapv3.Bootstrap_StaticResources{
		Listeners: resources.Listeners,
		Clusters:  resources.Clusters,
		Secrets:   append(clients, t.namedSecrets()...),
	}})
}

// bootstrap adds what every Envoy needs, static or dynamic.
func (t *translation) bootstrap(b *bootstrapv3.Bootstrap) (*bootstrapv3.Bootstrap, error) {
	b.Node = &corev3.Node{Id: nodeName, Cluster: nodeName}
	b.Admin = &bootstrapv3.Admin{Address: t.address(t.options.Admin.String())}
	b.OverloadManager = t.overloadManager()
	b.LayeredRuntime = largePatterns()
	t.check(b)
	if t.err != nil {
		return nil, t.err
	}
	return b, nil
}

// largePatterns raises Envoy's limit so that it accepts every path that the reader accepts. A character is at least one
// instruction, and Envoy's default limit of 100 is too low for some Open Banking paths.
func largePatterns() *bootstrapv3.LayeredRuntime {
	size := structpb.NewNumberValue(maxPattern)
	return &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
		Name: "patterns",
		LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: &structpb.Struct{Fields: map[string]*structpb.Value{
			"re2.max_program_size.error_level": size, "re2.max_program_size.warn_level": size,
		}}},
	}}}
}

func (t *translation) xdsCluster() *clusterv3.Cluster {
	return t.cluster(routes.XDSCluster, []string{t.options.XDS.String()}, http2(&corev3.Http2ProtocolOptions{
		ConnectionKeepalive: &corev3.KeepaliveSettings{
			Interval: duration(keepaliveInterval), Timeout: duration(keepaliveTimeout),
		},
	}))
}

// xdsSource uses Delta xDS: with state of the world, a rejected version would be sent again and again.
func xdsSource() *corev3.ApiConfigSource {
	return &corev3.ApiConfigSource{
		ApiType:             corev3.ApiConfigSource_DELTA_GRPC,
		TransportApiVersion: corev3.ApiVersion_V3,
		GrpcServices: []*corev3.GrpcService{{
			TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
				ClusterName: routes.XDSCluster,
				RetryPolicy: &corev3.RetryPolicy{RetryBackOff: &corev3.BackoffStrategy{
					BaseInterval: duration(reconnectBase), MaxInterval: duration(reconnectMax),
				}},
			}},
		}},
	}
}

const heapMonitor = "envoy.resource_monitors.fixed_heap"

// largeStream is the size, as a power of two, above which Envoy tracks a request's buffers: 1 MiB.
const largeStream = 20

// overloadManager keeps Envoy alive under overload: it refuses connections beyond a number. As its memory fills it shrinks
// the heap, closes connections, resets the requests that hold the most memory, and finally refuses all requests.
func (t *translation) overloadManager() *overloadv3.OverloadManager {
	return &overloadv3.OverloadManager{
		RefreshInterval: duration(250 * time.Millisecond),
		ResourceMonitors: []*overloadv3.ResourceMonitor{
			{
				Name: "envoy.resource_monitors.global_downstream_max_connections",
				ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: t.pack(
					&connectionsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: int64(t.file.Edge.MaxConnections)})},
			},
			{
				Name: heapMonitor,
				ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: t.pack(
					&heapv3.FixedHeapConfig{MaxHeapSizeBytes: uint64(t.file.Edge.MaxMemory)})},
			},
		},
		Actions: []*overloadv3.OverloadAction{
			{Name: "envoy.overload_actions.shrink_heap", Triggers: heapAbove(0.90)},
			{Name: "envoy.overload_actions.disable_http_keepalive", Triggers: heapAbove(0.92)},
			{Name: "envoy.overload_actions.reset_high_memory_stream", Triggers: heapBetween(0.92, 0.98)},
			{Name: "envoy.overload_actions.stop_accepting_requests", Triggers: heapAbove(0.95)},
		},
		BufferFactoryConfig: &overloadv3.BufferFactoryConfig{MinimumAccountToTrackPowerOfTwo: largeStream},
		LoadshedPoints: []*overloadv3.LoadShedPoint{
			{Name: "envoy.load_shed_points.tcp_listener_accept", Triggers: heapAbove(0.98)},
		},
	}
}

func heapAbove(share float64) []*overloadv3.Trigger {
	return []*overloadv3.Trigger{{
		Name:         heapMonitor,
		TriggerOneof: &overloadv3.Trigger_Threshold{Threshold: &overloadv3.ThresholdTrigger{Value: share}},
	}}
}

func heapBetween(from, to float64) []*overloadv3.Trigger {
	return []*overloadv3.Trigger{{
		Name: heapMonitor,
		TriggerOneof: &overloadv3.Trigger_Scaled{Scaled: &overloadv3.ScaledTrigger{
			ScalingThreshold: from, SaturationThreshold: to,
		}},
	}}
}

// JSON returns a configuration as Envoy reads it, deterministically.
func JSON(bootstrap *bootstrapv3.Bootstrap) ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(bootstrap)
	if err != nil {
		return nil, err
	}
	// protojson adds random spaces to discourage comparing its output.
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

// YAML returns a configuration for people to read; Envoy reads it too. Every string is quoted, because Envoy guesses the
// type of an unquoted one: a version that starts with 12e4 could become a number.
func YAML(bootstrap *bootstrapv3.Bootstrap) ([]byte, error) {
	document, err := JSON(bootstrap)
	if err != nil {
		return nil, err
	}
	var ordered yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(document, &ordered, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	return yaml.MarshalWithOptions(ordered, yaml.CustomMarshaler(func(text string) ([]byte, error) {
		return json.Marshal(text) // a JSON string is a YAML string
	}))
}
