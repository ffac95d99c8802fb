package control

import (
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
)

const (
	// retireAfter is how long requests may still come that Envoy began under an earlier version: a client has 15 seconds
	// to send one.
	retireAfter = 20 * time.Second

	// maxRetired bounds the routes of all earlier versions together; a version has some weight of its own.
	maxRetired    = 100_000
	versionWeight = 100
)

// retired is what is left of a version that is not in force any more: requests may be under way that began under it.
type retired struct {
	version   string
	policy    *extauthz.Policy
	published store.Publication
	weight    int
	replaced  time.Time // when Envoy had acknowledged a later version; zero before
}

// know has the gate know of a version that Envoy is about to be given; nil when it has been.
func (g *Gate) know(next *edition) {
	g.mu.Lock()
	g.coming = next
	g.mu.Unlock()
	g.forget()
}

// forget tells the gate all versions that requests may come under, and no others: those in use, and one that is about
// to be.
func (g *Gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retire(time.Now())
	var policies []*extauthz.Policy
	for _, e := range g.inUse() {
		policies = append(policies, e.policy)
	}
	g.parts.Gate.Use(policies...)
}

// published is what the registries need for the versions in use.
func (g *Gate) published() []store.Publication {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []store.Publication
	for _, e := range g.inUse() {
		all = append(all, e.published)
	}
	return all
}

// inUse are the versions that requests may come under.
func (g *Gate) inUse() []retired {
	all := slices.Clone(g.earlier)
	for _, e := range []*edition{g.live, g.coming} {
		if e != nil {
			all = append(all, e.retired())
		}
	}
	return all
}

func (e *edition) retired() retired {
	return retired{version: e.version.ID(), policy: e.policy, published: e.published, weight: len(e.version.File.Routes) + versionWeight}
}

// retire forgets versions that no request can come under any more, and the oldest where there are too many.
func (g *Gate) retire(now time.Time) {
	weight := 0
	for i, e := range slices.Backward(g.earlier) {
		weight += e.weight
		over := !e.replaced.IsZero() && now.Sub(e.replaced) > retireAfter
		if over || weight > maxRetired && i < len(g.earlier)-1 {
			g.earlier = slices.Delete(g.earlier, 0, i+1)
			return
		}
	}
}

// confirm notes that Envoy has all of a version that is in force: those before it are on their way out.
func (g *Gate) confirm(e *edition) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live != e {
		return // a later one is in force by now
	}
	g.live.good = g.live.secrets
	for i := range g.earlier {
		if g.earlier[i].replaced.IsZero() {
			g.earlier[i].replaced = time.Now()
		}
	}
}
