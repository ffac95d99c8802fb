package xds

import (
	"context"
	"net"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/delta/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	// An Envoy that does not answer for that long is not there: others need not wait for it.
	pingInterval = 30 * time.Second
	pingTimeout  = 5 * time.Second

	// minPing is less than the interval at which an Envoy may ask whether we are there.
	minPing = 10 * time.Second

	// maxQuestion leaves room for the names and versions of what a reconnecting Envoy has.
	maxQuestion = 64 << 20

	onlyDelta = "only Delta ADS is served here: ads_config needs api_type DELTA_GRPC"
)

// Serve serves Envoys until ctx ends, and closes the listener. Streams are then cut; Envoys keep what they have.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxQuestion),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingInterval, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
		grpc.WaitForHandlers(true),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return s.refuseProtocol() }),
	)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, aggregated{s})
	go s.deliver(ctx)
	defer server.Stop() // returns when all handlers have
	return socket.Until(ctx, func() error { return server.Serve(listener) }, func() error { return nil })
}

func (s *Server) refuseProtocol() error {
	s.log.Warn("an envoy asks in another protocol: " + onlyDelta)
	return status.Error(codes.Unimplemented, onlyDelta)
}

// aggregated implements discoveryv3.AggregatedDiscoveryServiceServer.
type aggregated struct{ server *Server }

// StreamAggregatedResources implements discoveryv3.AggregatedDiscoveryServiceServer.
func (a aggregated) StreamAggregatedResources(discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return a.server.refuseProtocol()
}

// DeltaAggregatedResources implements discoveryv3.AggregatedDiscoveryServiceServer.
func (a aggregated) DeltaAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	p := a.server.newPeer()
	// An Envoy that has no listener left asks for no routes, which must not mean all of them.
	named := delta.DeactivateLegacyWildcardForTypes([]string{resource.RouteType, resource.SecretType})
	return delta.NewServer(stream.Context(), p, p, named).DeltaStreamHandler(stream, resource.AnyType)
}
