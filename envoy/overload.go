package envoy

import (
	"time"

	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	heapv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
)

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
