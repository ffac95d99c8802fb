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
	// nodeName is what Envoy calls itself and the group it is one of.
	nodeName = "dcr-gateway"

	// An Envoy that has lost the server of its configuration asks for it again after these.
	reconnectBase = 100 * time.Millisecond
	reconnectMax  = time.Second

	// A server that does not even answer a ping is gone. gRPC servers resent more of them than they have agreed to.
	keepaliveInterval = time.Minute
	keepaliveTimeout  = 5 * time.Second

	// maxPattern is how many instructions a pattern may have; the longest path has some 1,100.
	maxPattern = 4096
)

// Bootstrap returns what Envoy starts with to get all else over Delta ADS from o.XDS. It listens to nobody before it
// has a listener with its routes and certificates from there.
func Bootstrap(file *routes.File, o Options) (*bootstrapv3.Bootstrap, error) {
	if err := o.checkXDS(); err != nil {
		return nil, err
	}
	t := newTranslation(file, o)
	return t.bootstrap(&bootstrapv3.Bootstrap{
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{t.xdsCluster()}},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: xdsSource(), LdsConfig: ads(), CdsConfig: ads(),
		},
	})
}

// Render returns the complete static equivalent of what Translate and Secrets give Envoy over xDS. Certificates and keys
// stay in their files; clientCAs, a PEM bundle of the CAs of client certificates, is written into it.
func Render(file *routes.File, o Options, clientCAs []byte) (*bootstrapv3.Bootstrap, error) {
	if err := o.checkTraffic(); err != nil {
		return nil, err
	}
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

// bootstrap adds what every Envoy needs, wherever its listeners come from.
func (t *translation) bootstrap(b *bootstrapv3.Bootstrap) (*bootstrapv3.Bootstrap, error) {
	if err := t.options.checkAdmin(); err != nil {
		return nil, err
	}
	b.Node = &corev3.Node{Id: nodeName, Cluster: nodeName}
	b.Admin = &bootstrapv3.Admin{Address: t.address(t.options.Admin)}
	b.OverloadManager = t.overloadManager()
	b.LayeredRuntime = largePatterns()
	t.check(b)
	if t.err != nil {
		return nil, t.err
	}
	return b, nil
}

// largePatterns lets Envoy take the pattern of any path that the reader takes: a character is an instruction or more, and
// Envoy takes a hundred of them, which is less than some paths of Open Banking have.
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
	return t.cluster(routes.XDSCluster, []string{t.options.XDS}, http2(&corev3.Http2ProtocolOptions{
		ConnectionKeepalive: &corev3.KeepaliveSettings{
			Interval: duration(keepaliveInterval), Timeout: duration(keepaliveTimeout),
		},
	}))
}

// xdsSource asks for changes alone: the other variant would be sent a refused version again and again.
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

// largeStream is the size, as a power of two, from which on a request's buffers are accounted for: 1 MiB.
const largeStream = 20

// overloadManager keeps Envoy alive under more load than it can carry: it refuses connections beyond a number, and as
// its memory fills it gives memory back, lets connections go, ends the requests that hold the most of it, and at last
// refuses all.
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

// JSON writes a configuration as Envoy reads it, the same text each time.
func JSON(bootstrap *bootstrapv3.Bootstrap) ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(bootstrap)
	if err != nil {
		return nil, err
	}
	// protojson adds spaces at random, so that nobody relies on its bytes.
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

// YAML writes a configuration for people to read; Envoy reads it too. Every text is quoted: Envoy guesses the type of one
// that is not, and a version of the digits 12e4 would be a number.
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
		return json.Marshal(text) // a quoted text of JSON is one of YAML
	}))
}
