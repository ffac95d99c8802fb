package xds

import (
	"maps"
	"slices"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
)

// A topic is one kind of resources on one Envoy's stream. One push of a topic is under way at most.
type topic struct {
	kind    kind
	sub     cache.Subscription // what Envoy wants and what it was sent; nil until it has asked; to be read only while open
	answers chan<- cache.DeltaResponse
	open    bool // Envoy has heard all that was sent and waits

	greet    bool            // Envoy's first question wants an answer, even an empty one: it starts no sooner
	sent     *push           // under way
	refused  *push           // was refused, and the publication is still the same
	doubtful map[string]bool // were in a push that was refused: Envoy may have them or not
	ack      Ack
}

// A push is what one response carried.
type push struct {
	serial uint64   // of the publication
	names  []string // sent or removed
	nonce  string
}

// listen takes in that Envoy has asked, or answered.
func (t *topic) listen(request *cache.DeltaRequest, sub cache.Subscription, answers chan<- cache.DeltaResponse) {
	if t.sub == nil {
		t.greet = sub.IsWildcard() && len(request.GetInitialResourceVersions()) == 0
	}
	t.sub, t.answers = sub, answers
	t.open = t.sent == nil
}

// has returns the version that Envoy has of a resource, empty where that is not known.
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

// lacks returns the names of what Envoy wants and does not have as it is now, sorted.
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

// leftovers returns the names of what Envoy has and should not, sorted. What it has asked for by name, it drops by itself.
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

// push sends what there is to send. It never blocks: the channel has room for two responses of each type there is.
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

// doubt takes in that Envoy may have taken any part of a refused push: all of it is sent again.
func (t *topic) doubt(refused *push) {
	if t.doubtful == nil {
		t.doubtful = map[string]bool{}
	}
	for _, name := range refused.names {
		t.doubtful[name] = true
	}
}
