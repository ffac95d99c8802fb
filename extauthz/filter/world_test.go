package filter_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const (
	issuerURL     = "https://as.example"
	tokenURL      = "https://mtls.example/oauth2/token"
	tokenAudience = "https://rs.example"
	bankID        = "0015800001HQQrZAAY"

	softwareID   = "oQ4KoaavpOuoE7rvQsZEOV"
	orgID        = "0015800001HQQrZAAX"
	otherID      = "pQ4KoaavpOuoE7rvQsZEOW"
	otherOrgID   = "0015800001HQQrZAAZ"
	registration = "123456" // of the competent authority
)

// world is all that filters stand on: a real Redis, a directory's HTTPS server with its key sets, CAs, and keys.
type world struct {
	t        testing.TB
	now      time.Time
	redis    *redisserver.Server
	store    *store.Store
	keystore *keystore
	uk       *directory.Directory

	legacy, eidas, qtsp, stranger *pki.Authority // the last one is nobody's
	transport                     leaf           // of the software

	keys     keys
	ring     *token.Ring
	issuer   *token.Issuer
	orphaned bool // whether the configuration lacks what clients were registered under
	verifier token.Inspector
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Now().Truncate(time.Second), keys: newKeys(t)}
	w.store, w.redis = testbed.Store(t)
	w.legacy, w.eidas, w.qtsp, w.stranger = w.newCA("legacy"), w.newCA("eidas"), w.newCA("qtsp"), w.newCA("stranger")
	w.transport = w.mint(w.legacy, legacyName(softwareID, orgID), nil)
	w.keystore = newKeystore(t)
	w.publish()
	w.uk = w.loadDirectory(ukCertificates)
	w.openTokens()
	return w
}

// in returns the same world for a subtest.
func (w *world) in(t testing.TB) *world {
	inner := *w
	inner.t = t
	return &inner
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) openTokens() {
	w.t.Helper()
	w.ring = token.FileRing([]string{testkit.KeyFile(w.t, w.keys.token.signer)})
	w.must(w.ring.Load(w.t.Context()))
	w.issuer = token.NewIssuer(w.ring, token.Identity{Issuer: issuerURL, Audience: tokenAudience, Lifetime: 5 * time.Minute}, nil, func() time.Time { return w.now })
	w.verifier = token.NewBuiltin(w.ring, token.Identity{Issuer: issuerURL, Audience: tokenAudience, Lifetime: 5 * time.Minute}, nil)
}

// directories are the world's directory with a way out that remembers nothing yet.
func (w *world) directories(changes ...func(*dcr.Directory)) trust.Directories {
	changed := *w.uk.Directory
	for _, change := range changes {
		change(&changed)
	}
	return trust.Directories{changed.Name: &trust.Directory{
		Directory: &changed, Keys: jwks.New(w.uk.Client(), func() time.Time { return w.now }, 0),
	}}
}

// known are the clients of the world's directories; its filters ask it.
func (w *world) known(client *dcrpb.Client) (*dcr.Profile, error) {
	if w.orphaned || client.GetSoftware().GetDirectory() != w.uk.Name {
		return nil, dcr.Refuse("client.orphaned").CausedBy(errors.New("the configuration lacks its directory"))
	}
	return profile.Load(client.GetProfile())
}

// filters are all filters, as the gate makes them.
func (w *world) filters(directories trust.Directories) map[string]filter.Filter {
	w.t.Helper()
	var anchors []trust.Issuer
	for _, kind := range w.uk.Certificates {
		anchors = append(anchors, trust.Issuer{
			Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes[kind.Type]}, Anchors: w.uk.Anchors[kind.Type],
		})
	}
	certificate, err := filter.NewCertificateFilter(anchors, nil)
	w.must(err)
	bearer, err := filter.NewBearerFilter(w.verifier, w.store, directories, w.known, nil)
	w.must(err)
	basic, err := filter.NewBasicFilter(nil)
	w.must(err)
	return map[string]filter.Filter{
		"certificate": certificate,
		"basic":       basic,
		"clientauth":  &filter.ClientAuthFilter{Store: w.store, Directories: directories, Known: w.known, Audiences: []string{issuerURL, tokenURL}},
		"bearer":      bearer,
		"owner":       &filter.OwnerFilter{Store: w.store, Known: w.known},
		"scope":       filter.ScopeFilter{},
		"role":        filter.RoleFilter{},
		"statement":   &filter.StatementFilter{Directories: directories, Audiences: []string{bankID}, AuthMethods: []string{"private_key_jwt", "tls_client_auth"}},
	}
}

// chain is the chain of the checks, fresh: it has seen no certificate, token or key set.
func (w *world) chain(checks ...string) []filter.Filter {
	w.t.Helper()
	return w.chainOf(w.directories(), checks...)
}

func (w *world) chainOf(directories trust.Directories, checks ...string) []filter.Filter {
	w.t.Helper()
	filters := w.filters(directories)
	var chain []filter.Filter
	for _, check := range routes.Checks {
		if slices.Contains(checks, check.Name) {
			chain = append(chain, filters[check.Name])
		}
	}
	return chain
}

// run asks the filters of a chain as the gate does.
func (w *world) run(chain []filter.Filter, r *filter.Request) error {
	for _, f := range chain {
		if err := f.Check(w.t.Context(), r); err != nil {
			return err
		}
	}
	return nil
}

// request is a request over a connection of the software's.
func (w *world) request(header map[string]string, body string) *filter.Request {
	r := &filter.Request{
		ID: "a-decision", Now: w.now, Route: &filter.Ready{Route: &routes.Route{Name: "a-route"}}, Method: http.MethodPost, Path: "/path", Target: "/path",
		Params: map[string]string{}, Header: http.Header{}, Body: []byte(body), PeerPEM: w.transport.escaped,
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return r
}

// client stores a client of the software, with the changes.
func (w *world) client(changes ...func(*dcrpb.Client)) *dcrpb.Client {
	w.t.Helper()
	c := &dcrpb.Client{
		State: dcrpb.Client_ACTIVE, Profile: "obie-3.3", CertificateType: "ob_legacy",
		Software: &dcr.Software{
			Directory: w.uk.Name, Id: softwareID, OrgId: orgID, AuthorisationNumber: registration, Authority: "GB-FCA",
			KeySets: &dcr.KeySets{
				Jwks: w.keystore.at("software"), RevokedJwks: w.keystore.at("revoked"),
				OrgJwks: w.keystore.at("org"), OrgRevokedJwks: w.keystore.at("org-revoked"),
			},
		},
		TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES256", Scopes: []string{"accounts"},
		GrantTypes: []string{"client_credentials"},
	}
	for _, change := range changes {
		change(c)
	}
	c.Id = w.store.NewClientID(c.Software)
	stored := c.State
	c.State = dcrpb.Client_ACTIVE
	w.must(w.store.Create(w.t.Context(), c, nil, false))
	if stored != c.State {
		c.State = stored
		w.must(w.store.Update(w.t.Context(), c, nil))
	}
	return c
}

// token issues a token for the client, bound to the software's certificate.
func (w *world) token(c *dcrpb.Client, scopes ...string) (string, token.Token) {
	w.t.Helper()
	compact, issued, err := w.issuer.Issue(w.t.Context(), token.Token{
		ClientID: c.GetId(), Software: c.GetSoftware(), Scopes: scopes,
		Thumbprint: w.transport.thumbprint, Generation: c.GetGeneration(),
	})
	w.must(err)
	return compact, issued
}

func loadProfile(t testing.TB) *dcr.Profile {
	t.Helper()
	p, err := profile.Load("obie-3.3")
	if err != nil {
		t.Fatal(err)
	}
	return p
}
