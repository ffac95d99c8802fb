package filter

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// requestAlgorithms is what FAPI allows: "shall use PS256 or ES256 algorithms" (FAPI 1.0 Part 2, section 8.6).
var requestAlgorithms = []string{"PS256", "ES256"}

// StatementFilter proves that a registration request and the software statement in it hold: both signatures, each with
// keys of its own kind of set, every rule of the profile, and the binding to the TLS client certificate. Its steps are
// in a fixed order: nothing a statement says is used before the directory's signature on it is verified, and
// nothing is fetched before the certificate is known to belong to it.
type StatementFilter struct {
	Directories Directories
	Audiences   []string // what a request's aud may be
	AuthMethods []string
}

// Check implements Filter: it proves Request.Registration and names the jtis to burn.
func (f *StatementFilter) Check(ctx context.Context, r *Request) error {
	if err := checkContentType(r.Header, r.Route.Profile); err != nil {
		return err
	}
	tried, err := dryRun(r.Header, r.Route.DryRun)
	if err != nil {
		return err
	}
	request, err := ReadRequest(r.Route.Profile, r.Body)
	if err != nil {
		return err
	}
	source, statement, err := f.Directories.of(r.Route.Directories).verifyStatement(ctx, request.Claims)
	if err != nil {
		return err
	}
	if err := rule.CheckStatement(source.Directory, statement, r.Now); err != nil {
		return err
	}
	registration, err := f.verify(ctx, source, statement, request, r)
	if err != nil {
		return err
	}
	// Who has proved to be the software is told all that is wrong at once; anybody else the first thing alone.
	if err := rule.Check(registration); err != nil {
		return err
	}
	r.UsedJTIs, err = usedJTIs(registration)
	if err != nil {
		return err
	}
	r.Registration = &Registration{
		Statement: statement, Profile: r.Route.Profile, CertificateType: registration.Certificate.Profile, DryRun: tried,
	}
	return nil
}

// verify proves that the connection and the request are the software's.
func (f *StatementFilter) verify(
	ctx context.Context, source *Directory, statement *dcr.Statement, request *RegistrationRequest, r *Request,
) (*dcr.Registration, error) {
	presented, err := f.bind(ctx, source, statement, r)
	if err != nil {
		return nil, err
	}
	claims, err := source.verifyRequest(ctx, statement, request, presented)
	if err != nil {
		return nil, err
	}
	return &dcr.Registration{
		Now: r.Now, Profile: r.Route.Profile, Directory: source.Directory, Audiences: f.Audiences, AuthMethods: f.AuthMethods,
		Request: claims, Statement: statement, Certificate: presented, Current: current(r.Client),
	}, nil
}

// verifyStatement takes the statement out of the unverified request, which is all that is read there, and verifies it
// with the keys of the directory that the configuration names for its issuer and environment (steps 6 to 8).
func (d Directories) verifyStatement(ctx context.Context, request strictjson.Object) (*Directory, *dcr.Statement, error) {
	raw, err := request.String("software_statement")
	if err != nil {
		return nil, nil, dcr.RefuseStatement("statement.missing", "software_statement", "the request").CausedBy(err)
	}
	unverified, err := ParseStatement(raw)
	if err != nil {
		return nil, nil, err
	}
	// "Read the untrusted issuer only to choose who verifies": from here on nothing but the directory's key counts.
	source, err := d.choose(unverified.Claims)
	if err != nil {
		return nil, nil, err
	}
	statement, err := source.ReadStatement(ctx, unverified)
	return source, statement, err
}

// statementForm are the refusals of a software statement that is malformed, by the rule of package jose.
var statementForm = map[string]string{
	"jws.size":         "statement.jws.size",
	"jws.compact":      "statement.jws.compact",
	"jws.base64":       "statement.jws.base64",
	"jws.header":       "statement.jws.header",
	"jws.crit":         "statement.jws.crit",
	"jws.embedded_key": "statement.jws.embedded_key",
	"jws.alg":          "statement.jws.alg",
	"jws.typ":          "statement.jws.typ",
	"jws.kid":          "statement.jws.kid",
	"jws.payload":      "statement.jws.payload",
}

// ParseStatement checks the form of a software statement. Nothing in it may be believed yet.
func ParseStatement(raw string) (*jose.Unverified, error) {
	unverified, err := jose.Parse(raw, jose.Policy{Algorithms: requestAlgorithms, Types: []string{"JWT"}, KeyID: true, MaxBytes: maxRequestBytes})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.RefuseStatement(statementForm[form.Rule], form.Args...).CausedBy(err)
	}
	return unverified, err
}

// ReadStatement verifies a statement of this directory and reads it. It fails with a *dcr.Error.
func (d *Directory) ReadStatement(ctx context.Context, unverified *jose.Unverified) (*dcr.Statement, error) {
	// "The SSA is signed by the Register using the PS256 algorithm" (Consumer Data Standards); which one is each directory's
	// to say.
	if !slices.Contains(d.Algorithms, unverified.Algorithm) {
		return nil, dcr.RefuseStatement("statement.algorithm", strings.Join(d.Algorithms, ", "))
	}
	keys, err := d.Keys.Keys(ctx, d.JWKS, unverified.KeyID)
	if err != nil {
		return nil, dcr.Refuse("directory.unavailable").CausedBy(err)
	}
	verified, err := unverified.Verify(keys)
	if err != nil {
		return nil, dcr.RefuseStatement("statement.signature").CausedBy(err)
	}
	return directory.ReadStatement(d.Directory, verified.Claims, verified.Raw)
}

// bind proves that the connection belongs to the software of the statement (step 9).
func (f *StatementFilter) bind(ctx context.Context, source *Directory, statement *dcr.Statement, r *Request) (*dcr.Presented, error) {
	presented, err := source.bind(ctx, r.Certificate, statement.Software)
	switch {
	case errors.Is(err, rule.ErrBinding):
		return nil, dcr.RefuseStatement("statement.certificate", "does not match the software statement").CausedBy(err)
	case errors.Is(err, rule.ErrRoles):
		return nil, dcr.RefuseStatement("statement.certificate_roles").CausedBy(err)
	case err != nil:
		return nil, keyFault(err, "request.signature")
	}
	return presented, nil
}

// current is what a PUT may not change; nil where there is no client yet.
func current(c *dcrpb.Client) *dcr.Current {
	if c == nil {
		return nil
	}
	return &dcr.Current{ClientID: c.GetId(), Software: c.GetSoftware()}
}

// usedJTIs names what the registry must burn: the request's jti, and the statement's where the directory wants each
// statement used once. They are remembered until their tokens would be refused as too old.
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

// usedJTI identifies a jti of an owner. Both are hashed, each with its length, so that the key is bounded and no two
// pairs make the same.
func usedJTI(purpose, owner, id string, until time.Time) *dcrpb.UsedJTI {
	digest := sha256.Sum256([]byte(strconv.Itoa(len(owner)) + ":" + owner + id))
	return &dcrpb.UsedJTI{Purpose: purpose, Id: base64.RawURLEncoding.EncodeToString(digest[:]), Exp: uint32(until.Unix()) + 2}
}
