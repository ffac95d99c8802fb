package control

import (
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
)

const (
	// retireAfter is how long requests may still arrive that Envoy matched under a retired version: a client has 15
	// seconds to send a request.
	retireAfter = 20 * time.Second

	// maxRetired bounds the routes of all retired versions together. versionWeight is the fixed cost of one version.
	maxRetired    = 100_000
	versionWeight = 100
)

// retired is what the gate keeps of a version that is no longer active, for the requests that began under it.
type retired struct {
	version   string
	policy    *extauthz.Policy
	published store.Publication
	weight    int
	replaced  time.Time // when Envoy acknowledged a later version; zero before that
}

// setPending makes the gate accept requests under a revision before Envoy receives it; nil once that is settled.
func (g *Gate) setPending(next *revision) {
	g.mu.Lock()
	g.pending = next
	g.mu.Unlock()
	g.useRevisions()
}

// useRevisions gives the gate the policies of exactly the versions that requests may arrive under.
func (g *Gate) useRevisions() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dropRetired(time.Now())
	var policies []*extauthz.Policy
	for _, e := range g.inUse() {
		policies = append(policies, e.policy)
	}
	g.parts.Gate.Use(policies...)
}

// published returns what the registries need for the versions in use.
func (g *Gate) published() []store.Publication {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []store.Publication
	for _, e := range g.inUse() {
		all = append(all, e.published)
	}
	return all
}

// inUse returns the versions that requests may arrive under: retired, active and pending.
func (g *Gate) inUse() []retired {
	all := slices.Clone(g.retired)
	for _, e := range []*revision{g.live, g.pending} {
		if e != nil {
			all = append(all, e.retire())
		}
	}
	return all
}

func (e *revision) retire() retired {
	return retired{version: e.version.ID(), policy: e.policy, published: e.published, weight: len(e.version.File.Routes) + versionWeight}
}

// dropRetired drops versions that no request can arrive under any more, and the oldest if there are too many.
func (g *Gate) dropRetired(now time.Time) {
	weight := 0
	for i, e := range slices.Backward(g.retired) {
		weight += e.weight
		over := !e.replaced.IsZero() && now.Sub(e.replaced) > retireAfter
		if over || weight > maxRetired && i < len(g.retired)-1 {
			g.retired = slices.Delete(g.retired, 0, i+1)
			return
		}
	}
}

// confirm records that Envoy has acknowledged all of the active revision, so that the retired ones can expire.
func (g *Gate) confirm(e *revision) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live != e {
		return // a later one is active by now
	}
	g.live.acknowledged = g.live.secrets
	for i := range g.retired {
		if g.retired[i].replaced.IsZero() {
			g.retired[i].replaced = time.Now()
		}
	}
}
