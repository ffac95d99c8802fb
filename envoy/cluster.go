package envoy

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

const (
	connectTimeout = 2 * time.Second

	// maxInFlight is how many requests may wait for one server. What comes on top is answered 503.
	maxInFlight = 4096

	// A frozen gate is known within two checks; one that is back, within a fraction of a second.
	healthInterval   = time.Second
	recoveryInterval = 200 * time.Millisecond
)

// gateCluster speaks HTTP/2 to the gate and watches its health: a gate that fails is not asked (panic threshold 0), and
// what it would be asked is answered 503 at once.
func (t *translation) gateCluster() *clusterv3.Cluster {
	cluster := t.cluster(gateName, t.options.Gate, &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
			Http2ProtocolOptions: &corev3.Http2ProtocolOptions{},
		},
	})
	cluster.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{Value: 0}}
	cluster.HealthChecks = []*corev3.HealthCheck{{
		Timeout:               duration(healthInterval),
		Interval:              duration(healthInterval),
		NoTrafficInterval:     duration(healthInterval),
		UnhealthyInterval:     duration(recoveryInterval),
		UnhealthyEdgeInterval: duration(recoveryInterval),
		UnhealthyThreshold:    number(2),
		HealthyThreshold:      number(1),
		HealthChecker: &corev3.HealthCheck_GrpcHealthCheck_{
			GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{Authority: gateName},
		},
	}}
	return cluster
}

// upstreamCluster speaks HTTP/1.1. Nobody asks its health: the registry answers nothing without the gate's facts, and a
// bank's API has no path that we know.
func (t *translation) upstreamCluster(name string, upstream routes.Upstream) *clusterv3.Cluster {
	return t.cluster(name, upstream.Address, &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{
			HttpProtocolOptions: &corev3.Http1ProtocolOptions{},
		},
	})
}

func (t *translation) cluster(name, address string, protocol *httpv3.HttpProtocolOptions_ExplicitHttpConfig) *clusterv3.Cluster {
	server := &endpointv3.Endpoint{Address: t.address(address)}
	return &clusterv3.Cluster{
		Name:                          name,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: discovery(address)},
		ConnectTimeout:                duration(connectTimeout),
		PerConnectionBufferLimitBytes: number(bufferLimit),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints: []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{
				{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: server}},
			}}},
		},
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
			MaxConnections:     number(maxInFlight),
			MaxPendingRequests: number(maxInFlight),
			MaxRequests:        number(maxInFlight),
		}}},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": t.pack(&httpv3.HttpProtocolOptions{
				UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: protocol},
			}),
		},
	}
}

// discovery looks a name up in the DNS, and leaves alone what is none.
func discovery(address string) clusterv3.Cluster_DiscoveryType {
	if parsed, err := routes.ParseAddress(address); err == nil && parsed.Socket == "" && !parsed.IsIP() {
		return clusterv3.Cluster_STRICT_DNS
	}
	return clusterv3.Cluster_STATIC
}
