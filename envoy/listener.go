package envoy

import (
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// bufferLimit is what Envoy reads ahead of a slow reader on one connection. A body that is held until it is whole may be
// larger.
const bufferLimit = 32 << 10

// listener depends on nothing that a route or a rate plan says, nor on the version: whenever its bytes change, Envoy
// closes its connections in the course of the drain time.
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
	if len(listener.ServerNames) > 0 { // who asks for another name, or for none, is not answered at all
		chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: listener.ServerNames}
		result.ListenerFiltersTimeout = handshake
		result.ListenerFilters = []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.tls_inspector",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: t.pack(&inspectorv3.TlsInspector{})},
		}}
	}
	return result
}
