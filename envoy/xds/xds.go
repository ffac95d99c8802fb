// Package xds delivers configuration to Envoys: Delta ADS with listeners, routes, clusters and secrets (LDS, RDS, CDS,
// SDS). go-control-plane keeps the protocol state of a stream; this package decides what is pushed when (order.go),
// because go-control-plane's caches push all types at once. It does not know routes.yaml: package envoy translates it.
package xds

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/delta/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// linger is how long a cluster stays after the last route to it has gone. A request that was matched earlier resolves its
// cluster only after its body has arrived and the gate has allowed it, and once more on retry.
const linger = 30 * time.Second

// A Server is a Delta ADS server on a Unix socket. All Envoys receive the same configuration.
type Server struct {
	log    *slog.Logger
	heard  func(Outcome)
	linger time.Duration

	mu       sync.Mutex // guards all below, and the peers
	current  *publication
	serial   uint64             // of the current publication
	peers    map[*peer]struct{} // Envoys that have sent their node id
	told     told
	outcomes []Outcome     // not yet delivered
	wake     chan struct{} // there are outcomes
}

// An Envoy is a connected Envoy.
type Envoy struct {
	ID    string         `json:"id"`    // of its node; not unique
	Since time.Time      `json:"since"` // when it connected
	Types map[string]Ack `json:"types"` // listeners, routes, clusters, secrets: those it has subscribed to
}

// An Ack is the state of one type at one Envoy.
type Ack struct {
	Version string    `json:"version"`           // last acknowledged: Resources.Version, or for secrets a hash of their own; "" before the first
	At      time.Time `json:"at"`                // when
	Refused string    `json:"refused,omitempty"` // message of the NACK, if it rejected a later push
}

// New returns a server without a configuration: an Envoy that connects waits for the first Publish. The server calls heard
// with the outcome of each version, one at a time and in order; heard may call the server.
func New(log *slog.Logger, heard func(Outcome)) *Server {
	return &Server{log: log, heard: heard, linger: linger, peers: map[*peer]struct{}{}, wake: make(chan struct{}, 1)}
}

// Publish replaces the whole configuration and returns at once. Resources that an Envoy already has are not pushed again,
// except those that it rejected. An error means that the resources are inconsistent, and changes nothing. Publish keeps no
// reference to its arguments.
func (s *Server) Publish(r *envoy.Resources, secrets []*tlsv3.Secret) error {
	next, err := newPublication(r, secrets)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = next
	s.serial++
	s.told = nothing
	for p := range s.peers {
		p.renew()
		p.advance()
	}
	s.settle()
	return nil
}

// Envoys returns the connected Envoys in the order in which they connected.
func (s *Server) Envoys() []Envoy {
	s.mu.Lock()
	defer s.mu.Unlock()
	envoys := make([]Envoy, 0, len(s.peers))
	for p := range s.peers {
		envoys = append(envoys, p.describe())
	}
	slices.SortFunc(envoys, func(a, b Envoy) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return envoys
}

// An Outcome says whether Envoys accepted the version last published.
//
// Accepted: every connected Envoy has acknowledged every type of it. There is one for each Publish, once there is an Envoy,
// also when nothing had to be pushed, and one more when an Envoy has connected and has acknowledged everything.
//
// Refused: an Envoy rejected a push of it. There is one for each Publish or newly connected Envoy, however many types and
// Envoys reject. The caller should publish the last accepted version again: until then that Envoy keeps a mixture, each
// type being old or new as a whole, never routes without their clusters.
type Outcome struct {
	Version string // Resources.Version
	Refused bool
	Type    string // refused: listeners, routes, clusters or secrets
	Words   string // refused: the message of the NACK, one line, without any part of a secret
}

// told is the last reported outcome since the last Publish or connection.
type told int

const (
	nothing told = iota
	accepted
	refused
)

// settle reports that the version is accepted, if it is.
func (s *Server) settle() {
	if s.current == nil || s.told == accepted || len(s.peers) == 0 {
		return
	}
	for p := range s.peers {
		if !p.settled() {
			return
		}
	}
	s.tell(accepted, Outcome{Version: s.current.version})
}

// refuse reports once that the version was rejected.
func (s *Server) refuse(kind kind, words string) {
	if s.told != refused {
		s.tell(refused, Outcome{Version: s.current.version, Refused: true, Type: kind.String(), Words: words})
	}
}

func (s *Server) tell(what told, outcome Outcome) {
	s.told = what
	s.outcomes = append(s.outcomes, outcome)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// deliver calls heard with the outcomes until ctx ends.
func (s *Server) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		outcomes := s.outcomes
		s.outcomes = nil
		s.mu.Unlock()
		for _, outcome := range outcomes {
			if ctx.Err() != nil {
				return
			}
			s.heard(outcome)
		}
	}
}

const (
	// An Envoy that does not answer for this long is considered gone.
	pingInterval = 30 * time.Second
	pingTimeout  = 5 * time.Second

	// minPing is shorter than the ping interval of our Envoys.
	minPing = 10 * time.Second

	// maxQuestion leaves room for the names and versions of the resources that a reconnecting Envoy has.
	maxQuestion = 64 << 20

	onlyDelta = "only Delta ADS is served here: ads_config needs api_type DELTA_GRPC"
)

// Serve serves Envoys until ctx ends, then closes the listener and all streams. Envoys keep what they have.
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
	s.log.Warn("an envoy uses an unsupported protocol: " + onlyDelta)
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
	// An Envoy without listeners subscribes to no routes; the empty list must not mean all of them.
	named := delta.DeactivateLegacyWildcardForTypes([]string{resource.RouteType, resource.SecretType})
	return delta.NewServer(stream.Context(), p, p, named).DeltaStreamHandler(stream, resource.AnyType)
}
