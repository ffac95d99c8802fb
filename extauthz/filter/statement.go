package filter

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// StatementFilter proves that a registration request and its software statement are acceptable: both signatures, every
// rule of the profile, and the binding to the TLS client certificate. The order of its steps is fixed: it uses nothing
// from a statement before the directory's signature is verified, and fetches nothing for the participant before it has
// looked at the names in the certificate.
type StatementFilter struct {
	Directories trust.Directories
	Audiences   []string // accepted values of a request's aud, where the route has none of its own
	AuthMethods []string
	Waiting     Queue // of those who wait for key sets, by their certificates; nil does not limit them
}

// RegistrationRequest returns a request to register a new client, as a gate receives it on a route of the profile. It
// is for tools that run the filter without a gate. Its HTTP headers are valid, and nothing in it is proved.
func RegistrationRequest(profile *dcr.Profile, body []byte, now time.Time) *Request {
	return &Request{
		Now: now, Route: &Ready{Route: &routes.Route{}, Profile: profile}, Method: http.MethodPost,
		Header: http.Header{"Content-Type": profile.ContentTypes[:1]}, Body: body,
	}
}

// Check implements Filter: it proves Request.Registration and names the jtis to mark as used.
func (f *StatementFilter) Check(ctx context.Context, r *Request) error {
	if err := request.CheckContentType(r.Header, r.Route.Profile); err != nil {
		return err
	}
	tried, err := request.DryRun(r.Header, r.Route.DryRun)
	if err != nil {
		return err
	}
	asked, err := request.Read(r.Route.Profile, r.Body)
	if err != nil {
		return err
	}
	raw, err := asked.Claims.String("software_statement")
	if err != nil {
		return dcr.RefuseStatement("statement.missing", "software_statement", "the request").CausedBy(err)
	}
	ctx = waitIn(ctx, f.Waiting, r)
	source, statement, err := f.Directories.Named(r.Route.Directories).Statement(ctx, raw, r.Now)
	if err != nil {
		return err
	}
	r.Stated = statement.Software
	kind, err := verify(ctx, source, statement, asked, r.Certificate)
	if err != nil {
		return refuse(err, toRegistrant, "internal")
	}
	registration := &dcr.Registration{
		Asked: dcr.Asked{Profile: r.Route.Profile, Directory: source.Directory, Request: asked.Claims, Statement: statement.Statement},
		Now:   r.Now, Audiences: f.audiences(r.Route.Route), AuthMethods: f.AuthMethods, Current: current(r), Subject: r.Certificate.Subject,
	}
	if err := look(ctx, source, registration); err != nil {
		return refuse(err, toRegistrant, "internal")
	}
	// A caller that has proved to be the software product learns all problems at once; any other caller only the first.
	if err := rule.Check(registration); err != nil {
		return err
	}
	if r.UsedJTIs, err = usedJTIs(registration); err != nil {
		return err
	}
	r.Registration = &Registration{Statement: statement.Statement, Profile: r.Route.Profile, CertificateType: kind, DryRun: tried}
	return nil
}

// audiences are those of the route: a bank may have one identifier in each directory. "This should be the unique
// identifier for the ASPSP issued by the issuer of the software statement" (OBIE DCR, Data Dictionary, aud).
func (f *StatementFilter) audiences(route *routes.Route) []string {
	if len(route.Audiences) > 0 {
		return route.Audiences
	}
	return f.Audiences
}

// verify proves that the connection and the request belong to the software product, and returns the type of the
// certificate. No key that has signed something may be revoked, neither the directory's nor the product's.
func verify(ctx context.Context, source *trust.Directory, stated *trust.Statement, asked *request.Registration, c *trust.Certificate) (*dcr.CertificateType, error) {
	kind, err := source.Certificate(ctx, c, stated.Software, trust.Now)
	switch {
	case err != nil:
		return nil, err
	case asked.JWS == nil:
		return kind, source.Possessed(ctx, c, kind, stated)
	}
	_, err = source.Signed(ctx, asked.JWS, stated.Software, stated.Keys...)
	return kind, err
}

// look reads what the directory has for the software product, for the rules to compare the request with.
func look(ctx context.Context, source *trust.Directory, g *dcr.Registration) (err error) {
	if g.Algorithms, err = source.SigningAlgorithms(ctx, g.Statement.Software); err != nil {
		return err
	}
	if name, other := rule.OtherName(g); other {
		g.Listed, err = source.ListsName(ctx, g.Statement.Software, name)
	}
	return err
}

// current returns what a PUT must not change, or nil if there is no client yet.
func current(r *Request) *dcr.Current {
	if r.Client == nil {
		return nil
	}
	return &dcr.Current{ClientID: r.Client.GetId(), Software: r.Client.GetSoftware(), Profile: r.ClientProfile}
}

// usedJTIs returns the jtis that the registry must mark as used: the request's, and the statement's if the directory
// allows each statement only once. They are kept until their tokens would be too old anyway.
func usedJTIs(g *dcr.Registration) ([]*dcrpb.UsedJTI, error) {
	times, err := dcr.ReadTimes(g.Request)
	if err != nil {
		return nil, err
	}
	id, err := g.Request.String("jti")
	if err != nil {
		return nil, err
	}
	end := times.IssuedAt.Add(g.Profile.Request.MaxAge)
	if times.Expires.Before(end) {
		end = times.Expires
	}
	burn := []*dcrpb.UsedJTI{usedJTI("request", g.Statement.Software.Id, id, end)}
	if g.Directory.SingleUse {
		burn = append(burn, usedJTI("statement", g.Directory.Name, g.Statement.ID, g.Statement.IssuedAt.Add(g.Directory.MaxAge)))
	}
	return burn, nil
}

// usedJTI identifies a jti by its owner. It hashes both with their lengths, so that the key has a fixed size and no two
// pairs have the same key.
func usedJTI(purpose, owner, id string, until time.Time) *dcrpb.UsedJTI {
	digest := sha256.Sum256([]byte(strconv.Itoa(len(owner)) + ":" + owner + id))
	return &dcrpb.UsedJTI{Purpose: purpose, Id: base64.RawURLEncoding.EncodeToString(digest[:]), Exp: uint32(until.Unix()) + 2}
}
