// Package chains builds the gate's policy for a version of the configuration: it connects each check of the table
// routes.Checks to its filter, and each filter to its keys, stores and HTTP clients. Use it in the gate only. The
// filters themselves are in extauthz/filter.
package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/fetched"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const (
	// The checks of a bank API read one Redis key and occasionally refresh a set of revoked keys. A registration may have
	// to fetch all key sets of a new TPP.
	warmBudget = time.Second
	coldBudget = 2500 * time.Millisecond

	// How many registrations may wait for key sets at one time, and how many token requests: all together, and those with
	// one certificate. Envoy asks the gate far more questions at a time, most of them about calls, which must not starve.
	maxWaiting, maxWaitingEach = 64, 16
)

// Policies makes the policies of a gate from versions. It reuses filters while their inputs stay the same, so that
// fetched keys and verified tokens survive a change of a route.
type Policies struct {
	store  *store.Store
	all    *token.Rings
	issued *token.Identities

	orphans config.Orphans
	rings   []used // rings for access tokens: of the previous list of key files and of the current one
	made    made
	filters map[string]filter.Filter
	watch   *watch

	metrics  *metric.Set
	requests *trust.Requests
	waiting  map[string]*fetched.Queue // by the check whose requests wait
}

// used is a ring in use, with the files that it was read from.
type used struct {
	files []string
	ring  *token.Ring
}

// New returns the policies of a gate that uses these rings. The metrics of what the policies use go to the set, which may be
// nil.
func New(s *store.Store, rings *token.Rings, set *metric.Set) *Policies {
	p := &Policies{store: s, all: rings, issued: token.NewIdentities(s), watch: newWatch(), metrics: set, requests: trust.NewRequests(set), waiting: map[string]*fetched.Queue{}}
	for _, check := range []string{routes.CheckClientAuth, routes.CheckStatement} {
		p.waiting[check] = fetched.NewQueue(maxWaiting, maxWaitingEach)
	}
	p.measure(set)
	return p
}

// made holds the inputs of the filters.
type made struct {
	tokens                     token.Identity
	tokenEndpoint, directories string
	audiences, authMethods     []string
	ring                       *token.Ring
}

func (m made) equal(other made) bool {
	return m.tokens == other.tokens && m.tokenEndpoint == other.tokenEndpoint &&
		m.directories == other.directories && m.ring == other.ring &&
		slices.Equal(m.audiences, other.audiences) && slices.Equal(m.authMethods, other.authMethods)
}

// ErrKeys means that the keys of access tokens cannot be read now. A retry with the same file may succeed.
var ErrKeys = errors.New("keys of access tokens")

// Make returns the policy of a version. Its error is ErrKeys, or a problem of the version.
func (p *Policies) Make(ctx context.Context, version *config.Version) (*extauthz.Policy, error) {
	file := version.File
	ring, err := p.ring(ctx, file)
	if err != nil {
		return nil, err
	}
	now := made{
		tokens: issued(file), tokenEndpoint: file.EndpointURL(routes.EndpointToken),
		directories: version.Included(), audiences: file.Audiences, authMethods: file.AuthMethods, ring: ring,
	}
	if p.filters == nil || !now.equal(p.made) {
		filters, err := p.newFilters(version, ring)
		if err != nil {
			return nil, err
		}
		p.filters, p.made = filters, now
	}
	names := map[string][]string{}
	for name, listener := range file.Listeners {
		names[name] = listener.ServerNames
	}
	return extauthz.NewPolicy(extauthz.PolicyConfig{
		Version: version.ID(), Routes: gateRoutes(version), Filters: p.filters, ServerNames: names, Help: file.EndpointURL(routes.EndpointErrors),
	})
}

// Orphans returns which requests failed because the configuration lacks what their clients were registered with.
func (p *Policies) Orphans() config.OrphanStatus { return p.orphans.Status() }

// ring returns the ring for a file's keys. A gate may start before the first registry, which makes the keys in the
// store.
func (p *Policies) ring(ctx context.Context, file *routes.File) (*token.Ring, error) {
	files := file.TokenKeys()
	if last := len(p.rings) - 1; last >= 0 && slices.Equal(p.rings[last].files, files) {
		return p.rings[last].ring, nil
	}
	ring, err := p.all.Use(ctx, files)
	if err != nil && (len(files) > 0 || len(p.rings) > 0) {
		p.all.Release(files)
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	p.rings = append(p.rings, used{files, ring})
	if len(p.rings) > 2 {
		p.all.Release(p.rings[0].files)
		p.rings = p.rings[1:]
	}
	return ring, nil
}

// newFilters returns a filter for every check of routes.Checks.
func (p *Policies) newFilters(version *config.Version, ring *token.Ring) (map[string]filter.Filter, error) {
	file := version.File
	known := func(client *dcrpb.Client) (*dcr.Profile, error) { return p.orphans.Profile(version, client) }
	directories, anchors := trust.Directories{}, []trust.Issuer{}
	for _, d := range version.Directories {
		directories[d.Name] = trust.Open(d, p.requests)
		for _, kind := range d.Certificates {
			anchors = append(anchors, trust.Issuer{
				Trust: trust.Trust{Directory: d.Name, Type: d.CertificateTypes[kind.Type]}, Anchors: d.Anchors[kind.Type],
			})
		}
	}
	certificate, err := filter.NewCertificateFilter(anchors, p.metrics)
	if err != nil {
		return nil, err
	}
	bearer, err := filter.NewBearerFilter(p.inspector(file, ring), p.store, directories, known, p.metrics)
	if err != nil {
		return nil, err
	}
	basic, err := filter.NewBasicFilter(p.metrics)
	if err != nil {
		return nil, err
	}
	p.watch.use(directories)
	return map[string]filter.Filter{
		routes.CheckCertificate: certificate,
		routes.CheckBasic:       basic,
		routes.CheckClientAuth:  &filter.ClientAuthFilter{Store: p.store, Directories: directories, Known: known, Audiences: []string{file.Issuer, file.EndpointURL(routes.EndpointToken)}, Waiting: p.waiting[routes.CheckClientAuth]},
		routes.CheckBearer:      bearer,
		routes.CheckOwner:       &filter.OwnerFilter{Store: p.store, Known: known},
		routes.CheckScope:       filter.ScopeFilter{},
		routes.CheckRole:        filter.RoleFilter{},
		routes.CheckStatement:   &filter.StatementFilter{Directories: directories, Audiences: file.Audiences, AuthMethods: file.AuthMethods, Waiting: p.waiting[routes.CheckStatement]},
	}, nil
}

// inspector returns who verifies tokens: so far only this installation issues them.
func (p *Policies) inspector(file *routes.File, ring *token.Ring) token.Inspector {
	return token.Issuers{Own: token.NewBuiltin(ring, issued(file), p.issued)}
}

func issued(file *routes.File) token.Identity {
	return token.Identity{Issuer: file.Issuer, Audience: file.Tokens.Audience, Lifetime: file.Tokens.Lifetime}
}

// gateRoutes returns the routes for the gate; Envoy's are made from the same file.
func gateRoutes(version *config.Version) []filter.Ready {
	table := make([]filter.Ready, 0, len(version.File.Routes))
	for i := range version.File.Routes {
		r := &version.File.Routes[i]
		ready := filter.Ready{Route: r, Profile: version.Profiles[r.Profile], Budget: warmBudget}
		if r.Endpoint != "" {
			ready.Budget = coldBudget
		}
		if r.Users != "" {
			ready.UsersFile = version.File.Abs(r.Users)
		}
		table = append(table, ready)
	}
	return table
}
