package xds

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A peer is one Envoy's stream. For go-control-plane's stream handler it is both the callbacks, which receive Envoy's
// requests, and the cache, which decides what to push. The handler calls in this order: OnStreamDeltaRequest (Envoy's ACK
// or NACK of the last push), the cancel function of the last watch, CreateDeltaWatch (the state of the subscription).
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
		p.server.log.Info("an envoy has disconnected", "envoy", p.id)
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
	s.settle() // acceptance no longer depends on it
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
		log.Error("an envoy rejects its configuration", "envoy", p.id, "type", kind.String(), "words", words)
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

// answer handles Envoy's ACK or NACK of the push under way, and returns the message of a NACK.
func (p *peer) answer(kind kind, request *discoveryv3.DeltaDiscoveryRequest) (words string) {
	s, t := p.server, &p.topics[kind]
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := t.sent
	if sent == nil || sent.nonce == "" || sent.nonce != request.GetResponseNonce() {
		return "" // it changes its subscription
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

// CreateWatch implements cache.ConfigWatcher. It is never called: state of the world streams are refused earlier.
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

// A topic is one kind of resources on one Envoy's stream. At most one push of a topic is under way.
type topic struct {
	kind    kind
	sub     cache.Subscription // what Envoy subscribes to and what it was sent; nil until it subscribes; read it only while open
	answers chan<- cache.DeltaResponse
	open    bool // Envoy has answered all that was sent

	greet    bool            // Envoy's first request needs a response, even an empty one, before Envoy starts
	sent     *push           // under way
	refused  *push           // was rejected, and the publication is still the same
	doubtful map[string]bool // were in a rejected push: Envoy may have them or not
	ack      Ack
}

// A push is what one response carried.
type push struct {
	serial uint64   // of the publication
	names  []string // sent or removed
	nonce  string
}

// listen updates the subscription after a request of Envoy.
func (t *topic) listen(request *cache.DeltaRequest, sub cache.Subscription, answers chan<- cache.DeltaResponse) {
	if t.sub == nil {
		t.greet = sub.IsWildcard() && len(request.GetInitialResourceVersions()) == 0
	}
	t.sub, t.answers = sub, answers
	t.open = t.sent == nil
}

// has returns the version that Envoy has of a resource; "" if that is unknown.
func (t *topic) has(name string) (version string, ok bool) {
	if t.doubtful[name] {
		return "", true
	}
	version, ok = t.sub.ReturnedResources()[name]
	return version, ok
}

func (t *topic) wants(name string) bool {
	_, named := t.sub.SubscribedResources()[name]
	return named || t.sub.IsWildcard()
}

func (t *topic) wantsAll(have set) bool {
	for name := range have.resources {
		if !t.wants(name) {
			return false
		}
	}
	return true
}

// lacks returns the names of the resources that Envoy subscribes to and lacks in their current version, sorted.
func (t *topic) lacks(have set) []string {
	var names []string
	for name, resource := range have.resources {
		if version, _ := t.has(name); version != resource.GetVersion() && t.wants(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// leftovers returns the names of the resources that Envoy has and should not have, sorted. Envoy itself drops those that it
// subscribed to by name.
func (t *topic) leftovers(have set) []string {
	if !t.sub.IsWildcard() {
		return nil
	}
	names := slices.Collect(maps.Keys(t.sub.ReturnedResources()))
	names = slices.AppendSeq(names, maps.Keys(t.doubtful))
	names = slices.DeleteFunc(names, func(name string) bool { return have.resources[name] != nil })
	slices.Sort(names)
	return slices.Compact(names)
}

// push sends resources. It never blocks: the channel has room for two responses of each type.
func (t *topic) push(serial uint64, have set, send, remove []string) {
	if len(send)+len(remove) == 0 && !t.greet {
		return
	}
	next := make(map[string]string, len(have.resources))
	maps.Copy(next, t.sub.ReturnedResources())
	response := &discoveryv3.DeltaDiscoveryResponse{
		SystemVersionInfo: have.version, TypeUrl: kindURLs[t.kind], RemovedResources: remove,
	}
	for _, name := range send {
		response.Resources = append(response.Resources, have.resources[name])
		next[name] = have.resources[name].GetVersion()
	}
	for _, name := range remove {
		delete(next, name)
	}
	t.sent = &push{serial: serial, names: slices.Concat(send, remove)}
	for _, name := range t.sent.names {
		delete(t.doubtful, name)
	}
	t.open, t.greet = false, false
	t.answers <- &cache.DeltaPassthroughResponse{
		DeltaRequest:           &discoveryv3.DeltaDiscoveryRequest{TypeUrl: kindURLs[t.kind]},
		NextVersionMap:         next,
		DeltaDiscoveryResponse: response,
	}
}

// doubt marks a rejected push, of which Envoy may have applied any part: all of it is sent again.
func (t *topic) doubt(refused *push) {
	if t.doubtful == nil {
		t.doubtful = map[string]bool{}
	}
	for _, name := range refused.names {
		t.doubtful[name] = true
	}
}
