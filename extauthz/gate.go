// Package extauthz is the gate: Envoy asks it about every request, it runs the route's chain of checks, and lets a
// request on only when every check has passed, with the facts they proved.
package extauthz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
)

// Config is what a gate is made of.
type Config struct {
	Routes  []Route
	Filters []filter.Filter
	Version string // content hash of the configuration; a request decided by Envoy under another is denied
	Signer  *facts.Signer
	Log     *slog.Logger
	Now     func() time.Time
}

// Gate decides about requests. It implements Envoy's ext_authz service and is safe for concurrent use.
type Gate struct {
	authv3.UnimplementedAuthorizationServer
	Config
	routes *table
	facts  *factory
}

// New returns a gate, or an error if a route's checks do not make a chain.
func New(config Config) (*Gate, error) {
	routes, err := newTable(config.Routes, config.Filters)
	if err != nil {
		return nil, err
	}
	facts, err := newFactory(config.Signer, config.Version)
	if err != nil {
		return nil, err
	}
	return &Gate{Config: config, routes: routes, facts: facts}, nil
}

// Check implements Envoy's ext_authz. It never returns an error for a refusal, which would turn every refusal into a 503.
func (g *Gate) Check(ctx context.Context, check *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	start := g.Now()
	header := readHeader(check.GetAttributes().GetRequest().GetHttp())
	request := &filter.Request{ID: uuidOr(header.Values("X-Request-Id")), Now: start, Header: header}
	interaction := uuidOr(header.Values("X-Fapi-Interaction-Id"))
	line := decision.Line{ID: request.ID, Interaction: interaction, Version: g.Version}

	signed, err := g.decide(ctx, check, request, &line)
	line.Took = g.Now().Sub(start)
	if err != nil {
		refusal := dcr.AsRefusal(err)
		line.Outcome, line.Status, line.Rule, line.Code, line.Cause = decision.Refused, refusal.Status, refusal.Rule, refusal.Code, refusal.Cause
		if refusal.Status >= http.StatusInternalServerError {
			line.Outcome = decision.Failed
		}
		line.Write(ctx, g.Log)
		return deny(line.ID, interaction, refusal), nil
	}
	line.Outcome, line.Status = decision.Allowed, http.StatusOK
	line.Write(ctx, g.Log)
	return allow(line.ID, interaction, signed), nil
}

// decide finds the route, runs its chain and signs what was proved. It returns an error unless all of it went well.
func (g *Gate) decide(ctx context.Context, check *authv3.CheckRequest, r *filter.Request, line *decision.Line) (signed string, err error) {
	asked, err := readTarget(check)
	if err != nil {
		return "", err
	}
	if asked.version != g.Version {
		return "", errors.New("envoy works under a configuration that this gate does not have")
	}
	chosen, parameters, err := g.routes.find(asked)
	if err != nil {
		return "", err
	}
	line.Route, line.Method = chosen.Name, asked.method
	r.Route, r.Params = filter.Route{Name: chosen.Name, Profile: chosen.Profile, Scopes: chosen.Scopes}, parameters
	if err := readRequest(r, check, asked); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, chosen.Budget)
	defer cancel()
	err = run(ctx, chosen, r)
	name(line, r)
	if err != nil {
		return "", err
	}
	return g.facts.signed(chosen, r)
}

// run asks every check of the route in its order. Success is reached at one place only: below the loop that ran them
// all. A public route has no checks and says so; a chain that is empty otherwise denies.
func run(ctx context.Context, chosen *route, r *filter.Request) error {
	if chosen.bound() && r.Method != http.MethodDelete { // whose answer has no body
		if err := filter.CheckAccept(r.Header); err != nil {
			return err
		}
	}
	if chosen.Public {
		return ctx.Err()
	}
	if len(chosen.chain) == 0 {
		return fmt.Errorf("route %s has no checks", chosen.Name)
	}
	for _, check := range chosen.chain {
		if err := check.Check(ctx, r); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("after %s: %w", check.Name(), err)
		}
	}
	return nil
}

// name puts who asked into the log line.
func name(line *decision.Line, r *filter.Request) {
	if c := r.Certificate; c != nil {
		line.Certificate = c.Thumbprint
	}
	switch {
	case r.Client != nil:
		line.Client, line.Software, line.Org = r.Client.GetId(), r.Client.GetSoftwareId(), r.Client.GetOrgId()
	case r.Token != nil:
		line.Client, line.Software, line.Org = r.Token.ClientID, r.Token.SoftwareID, r.Token.OrgID
	case r.Registration != nil:
		line.Software, line.Org = r.Registration.Statement.SoftwareID, r.Registration.Statement.OrgID
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// uuidOr returns the one value if it is a UUID, else a fresh one: "set the response header x-fapi-interaction-id to the
// value received ... or to a RFC 4122 UUID value" (FAPI 1.0 Part 1, section 6.2.1; D-03). Anything else a client sends is ignored, so it
// can put nothing into a log or a header.
func uuidOr(values []string) string {
	if len(values) == 1 && uuidForm.MatchString(values[0]) {
		return values[0]
	}
	return uuid.NewString()
}
