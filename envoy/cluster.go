package envoy

import (
	"errors"
	"net/http"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const (
	// connectTimeout is for our own parts, which are near.
	connectTimeout = 2 * time.Second

	// maxInFlight is how many requests may wait for one of our own parts. The rest are answered 503.
	maxInFlight = 4096

	// A frozen gate is found within two health checks, which is before the first request stops waiting for it, and its
	// recovery within a fraction of a second.
	healthInterval   = 500 * time.Millisecond
	healthTimeout    = 800 * time.Millisecond
	recoveryInterval = 200 * time.Millisecond

	// upstreamIdle is shorter than the idle timeout of common HTTP servers, which is five seconds or more.
	upstreamIdle = 4 * time.Second
)

// gateCluster speaks HTTP/2 to the gate and checks its health. An unhealthy gate is not asked (panic threshold 0): requests
// are answered 503 at once.
func (t *translation) gateCluster() *clusterv3.Cluster {
	cluster := t.cluster(routes.GateCluster, []string{t.options.Gate.String()}, http2(new(corev3.Http2ProtocolOptions)))
	cluster.HealthChecks = []*corev3.HealthCheck{{
		Timeout:               duration(healthTimeout),
		Interval:              duration(healthInterval),
		NoTrafficInterval:     duration(healthInterval),
		UnhealthyInterval:     duration(recoveryInterval),
		UnhealthyEdgeInterval: duration(recoveryInterval),
		UnhealthyThreshold:    number(2),
		HealthyThreshold:      number(1),
		HealthChecker: &corev3.HealthCheck_GrpcHealthCheck_{
			GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{Authority: routes.GateCluster},
		},
	}}
	return cluster
}

// cluster is a set of equivalent servers. If none of them is healthy, none is asked.
func (t *translation) cluster(name string, addresses []string, protocol *httpv3.HttpProtocolOptions) *clusterv3.Cluster {
	var servers []*endpointv3.LbEndpoint
	for _, address := range addresses {
		servers = append(servers, &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
			Endpoint: &endpointv3.Endpoint{Address: t.address(address)},
		}})
	}
	return &clusterv3.Cluster{
		Name:                          name,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: t.discovery(addresses)},
		DnsLookupFamily:               clusterv3.Cluster_V4_PREFERRED,
		ConnectTimeout:                duration(connectTimeout),
		PerConnectionBufferLimitBytes: number(bufferLimit),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints:   []*endpointv3.LocalityLbEndpoints{{LbEndpoints: servers}},
		},
		CommonLbConfig:  &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{Value: 0}},
		CircuitBreakers: circuitBreakers(maxInFlight, maxInFlight),
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": t.pack(protocol),
		},
	}
}

// circuitBreakers queue as many requests as may be in flight, and allow all of them to be retried: only requests that
// have not reached their server are.
func circuitBreakers(connections, requests int) *clusterv3.CircuitBreakers {
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     number(connections),
		MaxPendingRequests: number(requests),
		MaxRequests:        number(requests),
		MaxRetries:         number(requests),
	}}}
}

// discovery resolves DNS names; addresses and sockets are static.
func (t *translation) discovery(addresses []string) clusterv3.Cluster_DiscoveryType {
	if !slices.ContainsFunc(addresses, isName) {
		return clusterv3.Cluster_STATIC
	}
	if slices.ContainsFunc(addresses, isSocket) {
		t.fail(errors.New("an upstream's addresses must not mix DNS names and Unix sockets: an Envoy cluster cannot have both"))
	}
	return clusterv3.Cluster_STRICT_DNS
}

// isName says whether an address has a DNS name, which may stand for several servers.
func isName(text string) bool {
	address, err := routes.ParseAddress(text)
	return err == nil && address.Socket == "" && !address.IsIP()
}

// http1 closes an idle connection before the server does: a request on a connection that is being closed would fail, and
// must not be retried.
func http1() *httpv3.HttpProtocolOptions {
	return explicit(&corev3.HttpProtocolOptions{IdleTimeout: duration(upstreamIdle)}, &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{
			HttpProtocolOptions: &corev3.Http1ProtocolOptions{},
		},
	})
}

func http2(options *corev3.Http2ProtocolOptions) *httpv3.HttpProtocolOptions {
	return explicit(nil, &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
		ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: options},
	})
}

func explicit(common *corev3.HttpProtocolOptions, config *httpv3.HttpProtocolOptions_ExplicitHttpConfig) *httpv3.HttpProtocolOptions {
	return &httpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: common,
		UpstreamProtocolOptions:   &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: config},
	}
}

// upstreamCluster speaks HTTP/1.1. Timeouts and retries are set on the routes, so that changing them does not close its
// connections.
func (t *translation) upstreamCluster(name string, upstream *routes.Upstream) *clusterv3.Cluster {
	cluster := t.cluster(name, upstream.Address, http1())
	cluster.ConnectTimeout = duration(upstream.ConnectTimeout)
	cluster.CircuitBreakers = circuitBreakers(upstream.MaxConnections, upstream.MaxRequests)
	if upstream.TLS != nil {
		cluster.TransportSocket = t.transportSocket(t.upstreamTLS(name, upstream.TLS))
	}
	if upstream.Health != nil {
		cluster.HealthChecks = []*corev3.HealthCheck{healthCheck(upstream, healthyStatuses(name))}
	}
	return cluster
}

// healthyStatuses are those of a healthy server: 200. A registry of the build before answers 403 to a question without
// facts, and can serve: it may stand beside gates of this build while a fleet is upgraded.
func healthyStatuses(name string) []*typev3.Int64Range {
	all := []*typev3.Int64Range{{Start: http.StatusOK, End: http.StatusOK + 1}}
	if name == routes.Registry {
		all = append(all, &typev3.Int64Range{Start: http.StatusForbidden, End: http.StatusForbidden + 1})
	}
	return all
}

// healthCheck considers a server unhealthy when it answers with another status, or fails to answer twice in a row, and
// healthy when it answers well once.
func healthCheck(upstream *routes.Upstream, healthy []*typev3.Int64Range) *corev3.HealthCheck {
	host := upstream.Host
	if host == "" && upstream.TLS != nil {
		host = upstream.TLS.ServerName
	}
	interval := duration(upstream.Health.Interval)
	return &corev3.HealthCheck{
		Timeout:            duration(upstream.Health.Timeout),
		Interval:           interval,
		NoTrafficInterval:  interval,
		UnhealthyThreshold: number(2),
		HealthyThreshold:   number(1),
		HealthChecker: &corev3.HealthCheck_HttpHealthCheck_{
			HttpHealthCheck: &corev3.HealthCheck_HttpHealthCheck{Host: host, Path: upstream.Health.Path, ExpectedStatuses: healthy},
		},
	}
}
