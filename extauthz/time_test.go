package extauthz

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// chained is a gate with one route and one filter.
func (w *world) chained(budget time.Duration, check func(context.Context, *filter.Request) error) *Gate {
	w.t.Helper()
	return w.gateOf(w.policy(func(c *PolicyConfig) {
		c.Filters = map[string]filter.Filter{"certificate": scripted(check)}
		c.Routes = []filter.Ready{{Budget: budget, Route: &routes.Route{
			Name: "one", Path: "/one", Methods: []string{http.MethodGet}, Listener: "mtls", Checks: []string{"certificate"}, Facts: routes.FactsSigned,
		}}}
	}))
}

func (w *world) askOne() *authv3.CheckRequest { return w.ask("one", "GET", "/one").request() }

// TestTime asks filters that take longer than there is time. None of them refuses; all are refused.
func TestTime(t *testing.T) {
	w := newWorld(t)
	expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	yes := func(context.Context, *filter.Request) error { return nil }
	tests := []struct {
		name   string
		ctx    context.Context
		budget time.Duration
		check  func(context.Context, *filter.Request) error
		want   string
	}{
		{"in time", t.Context(), time.Minute, yes, "200"},
		{"the context has expired", expired, time.Minute, yes, "503 internal"},
		{"Envoy has gone", cancelled, time.Minute, yes, "503 internal"},
		{"no budget", t.Context(), 0, yes, "503 internal"},
		{"a slow filter that says so", t.Context(), time.Millisecond, func(ctx context.Context, _ *filter.Request) error { <-ctx.Done(); return ctx.Err() }, "503 internal"},
		{"a slow filter that says yes", t.Context(), time.Millisecond, func(ctx context.Context, _ *filter.Request) error { <-ctx.Done(); return nil }, "503 internal"},
		{"a fault", t.Context(), time.Minute, func(context.Context, *filter.Request) error { return errors.New("fault") }, "503 internal"},
		{"a refusal", t.Context(), time.Minute, func(context.Context, *filter.Request) error { return dcr.Refuse("role.missing") }, "403 role.missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, err := w.chained(test.budget, test.check).Check(test.ctx, w.askOne())
			if err != nil {
				t.Fatal(err)
			}
			if got := readResponse(t, response); got.verdict() != test.want {
				t.Errorf("got %q, want %q", got.verdict(), test.want)
			}
		})
	}
	jwks := w.ask("jwks", "GET", "/jwks")
	jwks.listener = "public"
	w.want(t, jwks, "200")
	if response, err := w.gate.Check(expired, jwks.request()); err != nil || readResponse(t, response).allowed {
		t.Errorf("a public route without time: %v %v", response, err)
	}
}

// TestEmptyChain asks a gate whose route has lost its checks after it was made.
func TestEmptyChain(t *testing.T) {
	w := newWorld(t)
	gate := w.chained(time.Minute, func(context.Context, *filter.Request) error { return nil })
	gate.known(version).routes["one"].Chain = nil
	if got := checkGate(t, gate, w.askOne()); got.verdict() != "503 internal" {
		t.Errorf("got %q", got.verdict())
	}
}
