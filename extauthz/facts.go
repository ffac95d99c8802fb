package extauthz

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const (
	factsLifetime = 30 * time.Second
	// Facts of a bank API route are not bound to one request, so the signed form is reused for as long as at least half
	// of its life is left.
	factsReuse     = factsLifetime / 2
	factsCacheSize = 8_192
)

// factory writes and signs the facts that the filters have proved. Its memory does not grow with new versions of the routes.
type factory struct {
	signer *facts.Signer
	cache  *metric.Cache[unbound, signedFacts]
}

// unbound is the key of facts that are not bound to one request: everything that they depend on. The bearer filter has
// another token, with other scopes, for each version of a client's record.
type unbound struct {
	version, route, thumbprint string
	token                      *token.Token
}

type signedFacts struct {
	compact string
	until   time.Time
}

func newFactory(signer *facts.Signer, set *metric.Set) (*factory, error) {
	cache, err := metric.NewCache[unbound, signedFacts](set, "facts", factsCacheSize)
	if err != nil {
		return nil, err
	}
	return &factory{signer: signer, cache: cache}, nil
}

// signed returns the facts about a request as a signed JWT.
func (f *factory) signed(version string, r *filter.Request) (string, error) {
	if r.Route.Bound() || r.Token == nil || r.Certificate == nil {
		return f.signer.Sign(allFacts(version, r))
	}
	key := unbound{version: version, route: r.Route.Name, token: r.Token, thumbprint: r.Certificate.Thumbprint}
	if known, ok := f.cache.Get(key, func(known signedFacts) bool { return r.Now.Before(known.until) }); ok {
		return known.compact, nil
	}
	compact, err := f.signer.Sign(allFacts(version, r))
	if err != nil {
		return "", err
	}
	key.route = strings.Clone(key.route)
	f.cache.Add(key, signedFacts{compact: compact, until: r.Now.Add(factsReuse)})
	return compact, nil
}

func allFacts(version string, r *filter.Request) *dcrpb.Facts {
	proved := &dcrpb.Facts{
		Iss: facts.Issuer, Iat: uint32(r.Now.Unix()), Exp: uint32(r.Now.Add(factsLifetime).Unix()), Jti: r.ID,
		Route: r.Route.Name, Version: version, UsedJtis: r.UsedJTIs,
		Certificate: certificateFacts(r), Client: clientFacts(r), Registration: registrationFacts(r),
	}
	if !r.Route.Bound() {
		proved.Aud = r.Route.Upstream
		return proved
	}
	digest := sha256.Sum256(r.Body)
	proved.Request = &dcrpb.RequestFacts{Method: r.Method, Path: r.Target, BodySha256: base64.RawURLEncoding.EncodeToString(digest[:])}
	return proved
}

func certificateFacts(r *filter.Request) *dcrpb.CertificateFacts {
	c := r.Certificate
	if c == nil {
		return nil
	}
	kind := c.Trusts[0].Type
	if r.Registration != nil {
		kind = r.Registration.CertificateType
	}
	softwareID, orgID := kind.Names(c.Subject)
	return &dcrpb.CertificateFacts{
		Thumbprint: c.Thumbprint, Type: kind.Name, Profile: kind.Name, SoftwareId: softwareID, OrgId: orgID,
		AuthorisationNumber: c.AuthorisationNumber, Authority: c.Authority, NotAfter: uint32(c.NotAfter.Unix()),
	}
}

func clientFacts(r *filter.Request) *dcrpb.ClientFacts {
	var proved *dcrpb.ClientFacts
	switch {
	case r.Token != nil:
		proved = &dcrpb.ClientFacts{
			Id: r.Token.ClientID, Software: r.Token.Software, Scopes: r.Token.Scopes, TokenId: r.Token.ID, TokenExp: uint32(r.Token.Expires.Unix()),
		}
	case r.Client != nil:
		is := r.Client.GetSoftware()
		proved = &dcrpb.ClientFacts{
			Id: r.Client.GetId(), Software: &dcr.Software{Directory: is.GetDirectory(), Id: is.GetId(), OrgId: is.GetOrgId(), Roles: is.GetRoles()}, AuthMethod: r.AuthMethod,
		}
	default:
		return nil
	}
	// Services behind the gate still read these under the member names of earlier builds.
	proved.SoftwareId, proved.OrgId, proved.Roles = proved.Software.GetId(), proved.Software.GetOrgId(), proved.Software.GetRoles()
	return proved
}

func registrationFacts(r *filter.Request) *dcrpb.RegistrationFacts {
	g := r.Registration
	if g == nil {
		return nil
	}
	return &dcrpb.RegistrationFacts{Profile: g.Profile.Name, Software: g.Statement.Software, DryRun: g.DryRun}
}
