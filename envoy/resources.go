package envoy

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// Secret is a certificate with its key, or the CAs that a peer's certificate must be from, as Envoy gets it.
type Secret = tlsv3.Secret

// Resources are a whole configuration as it goes to Envoy over xDS, but for the secrets: these change when their files
// do, and not with routes.yaml. Listeners name their RouteConfiguration, clusters and listeners their secrets.
type Resources struct {
	Version   string // routes.File.Version
	Listeners []*listenerv3.Listener
	Routes    []*routev3.RouteConfiguration
	Clusters  []*clusterv3.Cluster
}
