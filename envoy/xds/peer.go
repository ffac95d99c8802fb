package xds

import (
	"context"
	"errors"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A peer is one Envoy's stream. To go-control-plane's stream handler it is both the callbacks, which tell what is said,
// and the cache, which says what to push. The handler calls in this order: OnStreamDeltaRequest (what Envoy says of the
// last push), the function that ends the last watch, CreateDeltaWatch (what Envoy wants and has been sent).
type peer struct {
	server *Server
	id     string // empty until its first request
	since  time.Time
	topics [kinds]topic

	leaving map[string]time.Time // clusters without a route, and since when
	timer   *time.Timer          // for the first of them to go
}

func (s *Server) newPeer() *peer {
	p := &peer{server: s, since: time.Now()}
	for kind := range kinds {
		p.topics[kind].kind = kind
	}
	return p
}

// OnDeltaStreamOpen implements delta.Callbacks.
func (*peer) OnDeltaStreamOpen(context.Context, int64, string) error { return nil }

// OnDeltaStreamClosed implements delta.Callbacks.
func (p *peer) OnDeltaStreamClosed(int64, *corev3.Node) {
	if p.leave() {
		p.server.log.Info("an envoy has gone", "envoy", p.id)
	}
}

func (p *peer) leave() bool {
	s := p.server
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.peers[p]
	delete(s.peers, p)
	if p.timer != nil {
		p.timer.Stop()
	}
	s.settle() // the others need not wait for it any more
	return known
}

// OnStreamDeltaRequest implements delta.Callbacks.
func (p *peer) OnStreamDeltaRequest(_ int64, request *discoveryv3.DeltaDiscoveryRequest) error {
	log, kind := p.server.log, kindOf(request.GetTypeUrl())
	if kind == kinds {
		log.Warn("an envoy asks for a type that is not served", "envoy", p.id, "type", clean(request.GetTypeUrl(), maxID))
		return status.Error(codes.InvalidArgument, "the type is not served here: there are listeners, routes, clusters and secrets")
	}
	if p.id == "" {
		id := clean(request.GetNode().GetId(), maxID)
		if id == "" {
			log.Warn("an envoy without a node id is refused")
			return status.Error(codes.InvalidArgument, "the first request has no node with an id")
		}
		p.join(id)
		log.Info("an envoy has connected", "envoy", id)
	}
	if words := p.answer(kind, request); words != "" {
		log.Error("an envoy refuses its configuration", "envoy", p.id, "type", kind.String(), "words", words)
	}
	return nil
}

func (p *peer) join(id string) {
	s := p.server
	s.mu.Lock()
	defer s.mu.Unlock()
	p.id = id
	s.peers[p] = struct{}{}
	s.told = nothing
}

// answer takes in what Envoy says of the push under way, and returns its words if it refuses.
func (p *peer) answer(kind kind, request *discoveryv3.DeltaDiscoveryRequest) (words string) {
	s, t := p.server, &p.topics[kind]
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := t.sent
	if sent == nil || sent.nonce == "" || sent.nonce != request.GetResponseNonce() {
		return "" // it asks for more, or for less
	}
	t.sent = nil
	if request.GetErrorDetail() == nil {
		return ""
	}
	words = refusal(kind, request.GetErrorDetail().GetMessage())
	t.ack.Refused = words
	if sent.serial != s.serial {
		t.doubt(sent)
		return words
	}
	t.refused = sent
	s.refuse(kind, words)
	return words
}

// OnStreamDeltaResponse implements delta.Callbacks.
func (p *peer) OnStreamDeltaResponse(_ int64, _ *discoveryv3.DeltaDiscoveryRequest, response *discoveryv3.DeltaDiscoveryResponse) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.topics[kindOf(response.GetTypeUrl())].sent.nonce = response.GetNonce()
}

// CreateDeltaWatch implements cache.ConfigWatcher.
func (p *peer) CreateDeltaWatch(request *cache.DeltaRequest, sub cache.Subscription, answers chan cache.DeltaResponse) (func(), error) {
	s, t := p.server, &p.topics[kindOf(request.GetTypeUrl())]
	s.mu.Lock()
	defer s.mu.Unlock()
	t.listen(request, sub, answers)
	p.advance()
	s.settle()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		t.open = false
	}, nil
}

// CreateWatch implements cache.ConfigWatcher. Nobody calls it: a stream of whole states is refused before.
func (*peer) CreateWatch(*cache.Request, cache.Subscription, chan cache.Response) (func(), error) {
	return nil, errors.New(onlyDelta)
}

func (p *peer) describe() Envoy {
	envoy := Envoy{ID: p.id, Since: p.since, Types: map[string]Ack{}}
	for kind := range kinds {
		if t := &p.topics[kind]; t.sub != nil {
			envoy.Types[kind.String()] = t.ack
		}
	}
	return envoy
}
