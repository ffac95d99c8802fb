package extauthz

import (
	"log/slog"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// benchGate is the world's gate with a log that goes nowhere.
func (w *world) benchGate() *Gate {
	w.t.Helper()
	return w.benchGateOf(w.policy())
}

func (w *world) benchGateOf(policy *Policy) *Gate {
	w.t.Helper()
	config := w.gate.config
	config.Log = slog.New(slog.NewJSONHandler(discard{}, nil))
	gate, err := New(config)
	w.must(err)
	gate.Use(policy)
	return gate
}

// discard, unlike io.Discard, has the log's lines written.
type discard struct{}

func (discard) Write(line []byte) (int, error) { return len(line), nil }

func mustAllow(b testing.TB, gate *Gate, check *authv3.CheckRequest) {
	b.Helper()
	response, err := gate.Check(b.Context(), check)
	if err != nil || response.GetOkResponse() == nil {
		b.Fatalf("not allowed: %v %v", response, err)
	}
}

// BenchmarkWarmBearer is a bank API's call with a token and a certificate that the gate has seen before: one look into
// Redis, no signature.
func BenchmarkWarmBearer(b *testing.B) {
	w := newWorld(b)
	gate := w.benchGate()
	compact, _ := w.token("accounts")
	check := w.reading(compact).request()
	mustAllow(b, gate, check)
	b.ReportAllocs()
	for b.Loop() {
		mustAllow(b, gate, check)
	}
}

// BenchmarkWarmBearerParallel is the same from several callers at once.
func BenchmarkWarmBearerParallel(b *testing.B) {
	w := newWorld(b)
	gate := w.benchGate()
	compact, _ := w.token("accounts")
	check := w.reading(compact).request()
	mustAllow(b, gate, check)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mustAllow(b, gate, check)
		}
	})
}

// BenchmarkColdRegistration is a new TPP's registration: two signatures, a certificate never seen, and all key sets
// fetched over HTTPS.
func BenchmarkColdRegistration(b *testing.B) {
	w := newWorld(b)
	check := w.registering().request()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		gate := w.benchGate()
		b.StartTimer()
		mustAllow(b, gate, check)
	}
}

// BenchmarkWarmRegistration is the same with key sets that are known.
func BenchmarkWarmRegistration(b *testing.B) {
	w := newWorld(b)
	gate, check := w.benchGate(), w.registering().request()
	mustAllow(b, gate, check)
	b.ReportAllocs()
	for b.Loop() {
		mustAllow(b, gate, check)
	}
}

// BenchmarkRefusal is what a stranger costs who has no token.
func BenchmarkRefusal(b *testing.B) {
	w := newWorld(b)
	gate, check := w.benchGate(), w.ask("accounts", "GET", "/accounts").request()
	b.ReportAllocs()
	for b.Loop() {
		if response, err := gate.Check(b.Context(), check); err != nil || response.GetDeniedResponse() == nil {
			b.Fatalf("not refused: %v %v", response, err)
		}
	}
}
