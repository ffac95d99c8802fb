package reload

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	comers = 4                    // routes that come and go, the first with every reload
	beat   = 3 * time.Millisecond // between two requests of a client
)

// A comer is a route that comes and goes. What is known of it is one number, so that a client can tell whether it was the
// same all the time that a request took: 4 more with each change, and the bits below.
type comer struct{ known atomic.Uint64 }

const (
	present  = 1 << 0
	changing = 1 << 1
	change   = 1 << 2
)

// begin notes that a version is about to be saved.
func (c *comer) begin() { c.known.Store(c.known.Load() | changing) }

// end notes that a version is active.
func (c *comer) end(there bool) {
	next := (c.known.Load()>>2)*change + change
	if there {
		next |= present
	}
	c.known.Store(next)
}

// schedule is which of the routes that come and go there are in a version: like the digits of a binary number.
func schedule(version int) (there [comers]bool) {
	for i := range there {
		there[i] = version>>i&1 == 1
	}
	return there
}

// scheduled is a version's routes.yaml. The second route has an upstream of its own that comes and goes with it. After
// each two rounds of the schedule there is a round of versions that there were before.
func scheduled(t *testing.T, s *site, text string, version int) string {
	upstreams, routes := s.upstream("site"), siteRoute("staying", "site")
	for i, there := range schedule(version) {
		upstream := "site"
		if i == 1 {
			upstream = "own"
		}
		if there && i == 1 {
			upstreams += s.upstream(upstream)
		}
		if there {
			routes += siteRoute(fmt.Sprintf("comer%d", i), upstream)
		}
	}
	if round := version >> comers; round%3 > 0 {
		routes += fmt.Sprintf("# round %d\n", round)
	}
	return extended(t, text, upstreams, routes)
}

// A thousand versions, one after the other, as fast as they become active: clients that ask meanwhile notice nothing
// but the routes that come and go.
func TestAThousandReloads(t *testing.T) {
	reloads := 1000
	if harness.Race || testing.Short() {
		reloads = 3<<comers + 12 // all that the schedule has, and versions that there were before
	}
	text, s, r := original(t), newSite(t), world.Register(t, harness.Order{})
	install(t, scheduled(t, s, text, 0))
	var routes [comers]comer
	clients := gather(t, r, beat, func(c *client) error { return askAbout(c, &routes) },
		keptHTTP2, keptHTTP2, keptHTTP2, keptHTTP2, keptHTTP1, anewHTTP1, anewHTTP2)
	before, err := world.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sizes []map[string]int64
	begun := time.Now()
	for version := 1; version <= reloads && !t.Failed(); version++ {
		was, is := schedule(version-1), schedule(version)
		for i := range routes {
			if was[i] != is[i] {
				routes[i].begin()
			}
		}
		install(t, scheduled(t, s, text, version))
		for i := range routes {
			if was[i] != is[i] {
				routes[i].end(is[i])
			}
		}
		if version%100 == 0 {
			sizes = append(sizes, memory(t))
		}
	}
	took := time.Since(begun)
	clients.judge(t)
	if after, err := world.Status(t.Context()); err != nil || after.Refusals != before.Refusals {
		t.Errorf("versions were refused: %+v, %v", after, err)
	}
	if n := s.trespassers.Load(); n > 0 {
		t.Errorf("%d requests without a token have reached the bank", n)
	}
	t.Logf("%.1f reloads/s, %.0f requests/s, %d of them at the bank", float64(reloads)/took.Seconds(),
		float64(clients.asked.Load())/took.Seconds(), s.served.Load())
	flat(t, sizes)
}

// askAbout asks for the staying route or for one of the others, with a token or without.
func askAbout(c *client, routes *[comers]comer) error {
	path, known := "/staying/1", func() uint64 { return present }
	if which := rand.IntN(comers * 2); which < comers {
		path, known = fmt.Sprintf("/comer%d/1", which), routes[which].known.Load
	}
	token, method := rand.IntN(3) > 0, http.MethodGet
	if rand.IntN(4) == 0 {
		method = http.MethodPost
	}
	before := known()
	answer, err := c.ask(method, path, token)
	return verdict(answer, err, path, token, before, known())
}

// verdict says what is wrong with an answer, by what was known of the route when it was asked and when it was answered.
func verdict(answer *harness.Answer, err error, path string, token bool, before, after uint64) error {
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sure := before == after && before&changing == 0
	here, fromSite := http.StatusOK, answer.Header.Get(siteHeader) != ""
	if !token {
		here = http.StatusUnauthorized
	}
	switch {
	case fromSite != (answer.Status == http.StatusOK):
	case answer.Status == here && (before&present > 0 || !sure):
		return nil
	case answer.Status == http.StatusNotFound && (before&present == 0 || !sure):
		return nil
	}
	return fmt.Errorf("%s, token %v, before %b, after %b: %s, from the bank %v", path, token, before, after, answer, fromSite)
}

// memory is what the parts hold that follow routes.yaml, in bytes; nothing where that cannot be known.
func memory(t *testing.T) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for _, part := range []string{harness.Gate, harness.Envoy, harness.Registry} {
		if size, err := world.Resident(part); err == nil {
			found[part] = size
		}
	}
	return found
}

// flat wants the memory to end as it began, taken every hundred reloads. A gate still knows the versions of the last 20
// seconds, so that it is some time until as many are forgotten as come. The race detector's memory is its own.
func flat(t *testing.T, sizes []map[string]int64) {
	t.Helper()
	if len(sizes) == 0 {
		return
	}
	for part := range sizes[0] {
		var course []int64
		for _, size := range sizes {
			course = append(course, size[part]>>20)
		}
		t.Logf("memory of the %s after each hundred reloads, in MiB: %v", part, course)
		if len(course) < 10 || harness.Race {
			continue
		}
		warm, late, end := course[1], course[6], course[9]
		if end > 2*warm || end > late+late/4 {
			t.Errorf("the %s grows: %d MiB after 200 reloads, %d after 700, %d at the end", part, warm, late, end)
		}
	}
}
