package envoy

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// upstreamCluster speaks HTTP/1.1. It depends on nothing that a route could have said, its timeout and retries
// included: a change of these leaves its connections alone.
func (t *translation) upstreamCluster(name string, upstream *routes.Upstream) *clusterv3.Cluster {
	cluster := t.cluster(name, upstream.Address, http1())
	cluster.ConnectTimeout = duration(upstream.ConnectTimeout)
	cluster.CircuitBreakers = circuitBreakers(upstream.MaxConnections, upstream.MaxRequests)
	if upstream.TLS != nil {
		cluster.TransportSocket = t.transportSocket(t.upstreamTLS(name, upstream.TLS))
	}
	if upstream.Health != nil {
		cluster.HealthChecks = []*corev3.HealthCheck{healthCheck(upstream)}
	}
	return cluster
}

// healthCheck takes a server for sick when it answers anything but 200, or does not answer twice in a row; and for well
// when it answers 200 once.
func healthCheck(upstream *routes.Upstream) *corev3.HealthCheck {
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
			HttpHealthCheck: &corev3.HealthCheck_HttpHealthCheck{Host: host, Path: upstream.Health.Path},
		},
	}
}
