package extauthz

import (
	"runtime"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

const many = 10_000

// BenchmarkManyRoutes asks the same question of a gate with 10 routes and of one with 10,000, in turns, and reports the
// cost of the second in terms of the first.
func BenchmarkManyRoutes(b *testing.B) {
	w := newWorld(b)
	compact, _ := w.token("accounts")
	a := w.ask("api-7", "GET", "/open-banking/v3.1/aisp/api-7/1", [2]string{"authorization", "Bearer " + compact})
	check := a.request()
	few := w.benchGateOf(w.policy(func(c *PolicyConfig) { c.Routes = manyRoutes(10) }))
	lots := w.benchGateOf(w.policy(func(c *PolicyConfig) { c.Routes = manyRoutes(many) }))
	for range 100 {
		mustAllow(b, few, check)
		mustAllow(b, lots, check)
	}
	var tookFew, tookLots time.Duration
	for b.Loop() {
		tookFew += timed(b, few, check)
		tookLots += timed(b, lots, check)
		tookLots += timed(b, lots, check)
		tookFew += timed(b, few, check)
	}
	b.ReportMetric(float64(tookLots)/float64(tookFew), "ratio")
}

func timed(b *testing.B, gate *Gate, check *authv3.CheckRequest) time.Duration {
	begun := time.Now()
	mustAllow(b, gate, check)
	return time.Since(begun)
}

// BenchmarkNewPolicy makes a policy of 10,000 routes, and reports what it keeps in memory beside the routes themselves.
func BenchmarkNewPolicy(b *testing.B) {
	w := newWorld(b)
	config := PolicyConfig{Version: version, Routes: manyRoutes(many), Filters: w.filters()}
	before := live()
	kept, err := NewPolicy(config)
	w.must(err)
	size := live() - before
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewPolicy(config); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/many, "kept-B/route")
	runtime.KeepAlive(kept)
}

func live() int64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}
