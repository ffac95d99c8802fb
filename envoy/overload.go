package envoy

import (
	"time"

	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	heapv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
)

const (
	maxConnections = 10_000
	maxHeap        = 1 << 30

	heapMonitor = "envoy.resource_monitors.fixed_heap"
)

// overloadManager keeps Envoy alive under more load than it can carry: it refuses connections beyond a number, and as
// its memory fills it gives memory back, lets connections go and at last refuses requests.
func (t *translation) overloadManager() *overloadv3.OverloadManager {
	return &overloadv3.OverloadManager{
		RefreshInterval: duration(250 * time.Millisecond),
		ResourceMonitors: []*overloadv3.ResourceMonitor{
			{
				Name: "envoy.resource_monitors.global_downstream_max_connections",
				ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: t.pack(
					&connectionsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: maxConnections})},
			},
			{
				Name: heapMonitor,
				ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: t.pack(
					&heapv3.FixedHeapConfig{MaxHeapSizeBytes: maxHeap})},
			},
		},
		Actions: []*overloadv3.OverloadAction{
			{Name: "envoy.overload_actions.shrink_heap", Triggers: heapAbove(0.90)},
			{Name: "envoy.overload_actions.disable_http_keepalive", Triggers: heapAbove(0.92)},
			{Name: "envoy.overload_actions.stop_accepting_requests", Triggers: heapAbove(0.95)},
		},
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
