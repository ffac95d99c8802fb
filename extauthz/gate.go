// Package extauthz is the gate, Envoy's ext_authz service: it runs the chain of checks of a request's route, allows the
// request only if every check passes, and adds the facts that they proved. The checks themselves are in package filter;
// package control decides which versions of the routes the gate accepts.
package extauthz

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// Config holds the dependencies of a gate.
type Config struct {
	Signer *facts.Signer
	Log    *slog.Logger
	Now    func() time.Time

	Metrics *metric.Set // nil if nobody reads them

	// LogOneIn is how many allowed calls of a bank's API have one log line; each has one if it is less than 2. Everything
	// else is always logged.
	LogOneIn int

	Tracer *trace.Tracer // nil if nothing is traced
}

// Gate decides about requests. It implements Envoy's ext_authz service and is safe for concurrent use.
type Gate struct {
	allowed atomic.Uint64 // calls of a bank's API
	authv3.UnimplementedAuthorizationServer
	config  Config
	facts   *factory
	metrics *metrics
	inUse   atomic.Pointer[inUse]
}

// New returns a gate without policies, which denies everything.
func New(config Config) (*Gate, error) {
	facts, err := newFactory(config.Signer, config.Metrics)
	if err != nil {
		return nil, err
	}
	gate := &Gate{config: config, facts: facts, metrics: newMetrics(config.Metrics)}
	gate.inUse.Store(&inUse{})
	return gate, nil
}

// Use replaces the gate's policies. From now on a request is decided by the policy whose version Envoy names, and denied if
// there is none. A decision that has begun keeps its policy. Only one caller may use it at a time.
func (g *Gate) Use(policies ...*Policy) {
	before := g.inUse.Load()
	if before.has(policies) {
		return
	}
	next := g.metrics.after(before, policies)
	g.inUse.Store(next)
	for name, route := range before.routes {
		if next.routes[name] == nil {
			route.forget()
		}
	}
}

// Check implements Envoy's ext_authz. It never returns an error for a refusal, which would turn every refusal into a 503.
func (g *Gate) Check(ctx context.Context, check *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	g.metrics.running.Inc()
	defer g.metrics.running.Dec()
	ctx, span := g.trace(ctx)
	start := g.config.Now()
	header := readHeader(check.GetAttributes().GetRequest().GetHttp())
	request := &filter.Request{ID: idOf(header, "X-Request-Id"), Now: start, Header: header}
	line := decision.Line{ID: request.ID, Interaction: idOf(header, decision.InteractionHeader)}

	headers, err := g.decide(ctx, check, request, &line)
	line.Took = g.config.Now().Sub(start)
	if err != nil {
		refusal := dcr.AsRefusal(err)
		line.Outcome, line.Status, line.Rule, line.Code, line.Cause = decision.Refused, refusal.Status, refusal.Rule, refusal.Code, refusal.Cause
		if refusal.Status >= http.StatusInternalServerError {
			line.Outcome = decision.Failed
		}
		line.Findings = refusal.Findings()
		g.count(request, &line)
		line.Write(ctx, g.config.Log)
		end(ctx, span, &line)
		help := ""
		if policy := g.inUse.Load().policies[line.Version]; policy != nil {
			help = policy.help
		}
		return deny(&line, refusal, help), nil
	}
	line.Outcome, line.Status = decision.Allowed, http.StatusOK
	g.count(request, &line)
	if !g.leftOut(request.Route) {
		line.Write(ctx, g.config.Log)
	}
	end(ctx, span, &line)
	return allow(&line, headers), nil
}

// count adds a decision to the metrics.
func (g *Gate) count(r *filter.Request, line *decision.Line) {
	g.inUse.Load().of(g.metrics, line.Route).count(line)
	g.metrics.countRegistration(r, line)
}

// leftOut reports whether an allowed request has no log line.
func (g *Gate) leftOut(route *filter.Ready) bool {
	if g.config.LogOneIn < 2 || route.Endpoint != "" {
		return false
	}
	return g.allowed.Add(1)%uint64(g.config.LogOneIn) != 1
}

// decide finds the policy and the route, runs the route's chain and writes the facts. It returns an error unless all of
// this succeeds.
func (g *Gate) decide(ctx context.Context, check *authv3.CheckRequest, r *filter.Request, line *decision.Line) (headers []header, err error) {
	asked, err := readTarget(check)
	if err != nil {
		return nil, err
	}
	policy := g.inUse.Load().policies[asked.version]
	if policy == nil {
		return nil, fmt.Errorf("envoy uses version %.16q of the routes, which this gate does not have", asked.version)
	}
	line.Version = policy.version
	if err := policy.checkHost(asked); err != nil {
		return nil, err
	}
	chosen, parameters, err := policy.find(asked)
	if err != nil {
		return nil, err
	}
	line.Route, line.Method = chosen.Name, asked.method
	r.Params, r.Route = parameters, chosen
	if err := readRequest(r, check, asked); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, chosen.Budget)
	defer cancel()
	err = g.run(ctx, r, line)
	name(line, r)
	if err != nil {
		return nil, err
	}
	return g.facts.upstreamHeaders(policy.version, r)
}

// run runs the checks of the route in order. It succeeds in one place only: after the loop that ran them all. An empty chain
// denies unless the route is public.
func (g *Gate) run(ctx context.Context, r *filter.Request, line *decision.Line) error {
	if r.Route.Bound() && r.Method != http.MethodDelete { // a DELETE has no response body
		if err := request.CheckAccept(r.Header); err != nil {
			return err
		}
	}
	if r.Route.Public {
		return ctx.Err()
	}
	if len(r.Route.Chain) == 0 {
		return fmt.Errorf("route %s has no checks", r.Route.Name)
	}
	line.Chain = make([]decision.Step, 0, len(r.Route.Chain))
	for i := range r.Route.Chain {
		check := &r.Route.Chain[i]
		begun := g.config.Now()
		err := runCheck(ctx, check, r)
		line.Chain = append(line.Chain, decision.Step{Check: check.Name, Took: g.config.Now().Sub(begun)})
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("after %s: %w", check.Name, err)
		}
	}
	return nil
}

// name adds the client's identity to the log line.
func name(line *decision.Line, r *filter.Request) {
	if c := r.Certificate; c != nil {
		line.Certificate = c.Thumbprint
	}
	var of *dcr.Software
	switch {
	case r.Client != nil:
		line.Client, of = r.Client.GetId(), r.Client.GetSoftware()
	case r.Token != nil:
		line.Client, of = r.Token.ClientID, r.Token.Software
	default:
		of = r.Stated
	}
	line.Software, line.Org = of.GetId(), of.GetOrgId()
}

// idOf returns the id in a header of the request, or a new one.
func idOf(header http.Header, name string) string {
	return cmp.Or(decision.SentID(header.Values(name)), uuid.NewString())
}
