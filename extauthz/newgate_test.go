package extauthz

import (
	"log/slog"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// filters are all filters as a gate has them: they have seen nothing yet.
func (w *world) filters() map[string]filter.Filter {
	w.t.Helper()
	certificate, err := filter.NewCertificateFilter([]trust.Issuer{
		{Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors["ob_legacy"]},
	}, nil)
	w.must(err)
	directories := trust.Directories{w.uk.Name: {Directory: w.uk.Directory, Keys: jwks.New(w.uk.Client(), func() time.Time { return w.now }, 0)}}
	known := func(*dcrpb.Client) (*dcr.Profile, error) { return &dcr.Profile{}, nil }
	bearer, err := filter.NewBearerFilter(token.NewBuiltin(w.ring, token.Identity{Issuer: issuerURL, Audience: audience, Lifetime: 5 * time.Minute}, nil), w.store, directories, known, nil)
	w.must(err)
	return map[string]filter.Filter{
		"certificate": certificate, "bearer": bearer, "owner": &filter.OwnerFilter{Store: w.store, Known: known}, "scope": filter.ScopeFilter{}, "role": filter.RoleFilter{},
		"clientauth": &filter.ClientAuthFilter{Store: w.store, Directories: directories, Known: known, Audiences: []string{issuerURL}},
		"statement":  &filter.StatementFilter{Directories: directories, Audiences: []string{bankID}, AuthMethods: []string{"private_key_jwt"}},
	}
}

// newGate returns a gate of the world's routes.
func (w *world) newGate(filters map[string]filter.Filter) *Gate {
	w.t.Helper()
	return w.gateOf(w.policy(func(c *PolicyConfig) { c.Filters = filters }))
}

// gateOf returns a gate that knows the policies.
func (w *world) gateOf(policies ...*Policy) *Gate {
	w.t.Helper()
	gate, err := New(Config{Signer: w.signer, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Now: func() time.Time { return w.now }})
	w.must(err)
	gate.Use(policies...)
	return gate
}

// known returns the gate's policy of a version.
func (g *Gate) known(version string) *Policy { return g.inUse.Load().policies[version] }

// policy makes a policy of the world's routes and filters, with the changes.
func (w *world) policy(changes ...func(*PolicyConfig)) *Policy {
	w.t.Helper()
	config := PolicyConfig{Version: version, Routes: w.routes()}
	for _, change := range changes {
		change(&config)
	}
	if config.Filters == nil {
		config.Filters = w.filters()
	}
	policy, err := NewPolicy(config)
	w.must(err)
	return policy
}

func (w *world) routes() []filter.Ready {
	w.t.Helper()
	obie, err := profile.Load("obie-3.3")
	w.must(err)
	all := []*routes.Route{
		{Name: "register", Path: "/register", Methods: []string{"POST"}, Checks: []string{"statement", "certificate"}, Endpoint: "registration", Profile: "obie-3.3"},
		{Name: "client", Path: "/register/{ClientId}", Methods: []string{"GET", "DELETE"}, Checks: []string{"certificate", "bearer", "owner"}, Endpoint: "registration", Profile: "obie-3.3"},
		{Name: "client-update", Path: "/register/{ClientId}", Methods: []string{"PUT"}, Checks: []string{"statement", "owner", "bearer", "certificate"}, Endpoint: "registration", Profile: "obie-3.3"},
		{Name: "token", Path: "/token", Methods: []string{"POST"}, Checks: []string{"clientauth", "certificate"}, Endpoint: "token"},
		{Name: "accounts", Path: "/accounts", Methods: []string{"GET"}, Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"accounts"}, Upstream: "bank"},
		{Name: "account", Path: "/accounts/{AccountId}", Methods: []string{"GET"}, Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"accounts"}},
		{Name: "balances", Path: "/balances", Methods: []string{"GET"}, Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"accounts"}},
		{Name: "payments", Path: "/payments", Methods: []string{"POST"}, Checks: []string{"certificate", "bearer", "scope"}, Scopes: []string{"payments"}},
		{Name: "consents", Path: "/consents", Methods: []string{"GET"}, Checks: []string{"certificate", "bearer", "role"}, Roles: []string{"AISP", "PISP"}, Facts: routes.FactsHeaders},
		{Name: "quiet", Path: "/quiet", Methods: []string{"GET"}, Checks: []string{"certificate", "bearer"}, Facts: routes.FactsNone},
		{Name: "jwks", Path: "/jwks", Methods: []string{"GET"}, Listener: "public", Public: true, Endpoint: "jwks"},
	}
	var ready []filter.Ready
	for _, r := range all {
		if r.Listener == "" {
			r.Listener = "mtls"
		}
		if r.Facts == "" {
			r.Facts = routes.FactsSigned
		}
		one := filter.Ready{Route: r, Budget: 5 * time.Second}
		if r.Endpoint == "registration" {
			one.Profile = obie
		}
		ready = append(ready, one)
	}
	return ready
}
