// Package xds gives Envoys their configuration: Delta ADS over one stream for each Envoy, with listeners, routes, clusters
// and secrets (LDS, RDS, CDS, SDS). The protocol's state of a stream is go-control-plane's; what is pushed when is ours
// (order.go), because its own caches push all types at once.
package xds

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// linger is how long a cluster stays after the last route to it has gone. A request that met the route before looks the
// cluster up only once its body is there and the gate has allowed it, and again at a retry.
const linger = 30 * time.Second

// A Server gives Envoys their configuration: Delta ADS over a Unix socket (LDS, RDS, CDS, SDS). All Envoys get the same.
type Server struct {
	log    *slog.Logger
	heard  func(Outcome)
	linger time.Duration

	mu       sync.Mutex // guards all below, and the peers
	current  *publication
	serial   uint64             // of the current publication
	peers    map[*peer]struct{} // Envoys that have said who they are
	told     told
	outcomes []Outcome     // not yet heard
	wake     chan struct{} // there are outcomes
}

// An Envoy is one that is connected now.
type Envoy struct {
	ID    string         `json:"id"`    // of its node; not unique
	Since time.Time      `json:"since"` // when it connected
	Types map[string]Ack `json:"types"` // listeners, routes, clusters, secrets: those it has asked for
}

// An Ack is what an Envoy has said about one type.
type Ack struct {
	Version string    `json:"version"`           // last acknowledged: Resources.Version, for secrets a hash of their own; empty if none yet
	At      time.Time `json:"at"`                // when
	Refused string    `json:"refused,omitempty"` // Envoy's words if it has refused what came after
}

// New returns a server that has nothing to give yet: an Envoy that connects waits for the first Publish. It tells heard
// what became of each version, one outcome at a time and in order; heard may call the server.
func New(log *slog.Logger, heard func(Outcome)) *Server {
	return &Server{log: log, heard: heard, linger: linger, peers: map[*peer]struct{}{}, wake: make(chan struct{}, 1)}
}

// Publish replaces the whole configuration and returns at once. What an Envoy has already is not pushed to it again,
// except what it has refused. A failure leaves everything as it was: the parts do not fit together. It keeps nothing of
// what it is given.
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

// Envoys returns the connected Envoys, the one that connected first before the others.
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
