package directory

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// identifier is the form of software_id, org_id and jti.
var identifier = regexp.MustCompile(`^[ -~]{1,128}$`)

// ReadStatement reads the claims of a software statement by the directory's names for them. The caller must have
// verified the signature. It checks only that the claims this product reads are present and of the right type;
// rule.CheckStatement decides whether the statement is acceptable. Its error is a *dcr.Error.
func ReadStatement(d *dcr.Directory, claims strictjson.Object, raw string) (*dcr.Statement, error) {
	issuer, err := claims.String("iss")
	if err != nil || issuer != d.Issuer {
		return nil, dcr.RefuseStatement("statement.issuer", dcr.Values([]string{d.Issuer}))
	}
	for _, name := range d.Required {
		if value, has := claims[name]; !has || string(value) == "null" || string(value) == `""` {
			return nil, missing(name)
		}
	}
	times, err := dcr.ReadTimes(claims)
	var wrong *dcr.TimeError
	if errors.As(err, &wrong) {
		return nil, dcr.RefuseStatementTime(wrong)
	}
	r := reader{claims: claims}
	statement := &dcr.Statement{
		Raw: raw, Claims: claims,
		ID:       r.identifier("jti"),
		IssuedAt: times.IssuedAt, NotBefore: times.NotBefore, Expires: times.Expires,
		Software: &dcr.Software{
			Directory: d.Name,
			Id:        r.identifier(d.Claims.SoftwareID),
			OrgId:     r.identifier(d.Claims.OrgID),
			Roles:     r.roles(d.Claims.Roles),
			KeySets: &dcr.KeySets{
				Jwks: r.required(d.Claims.JWKS), RevokedJwks: r.text(d.Claims.RevokedJWKS),
				OrgJwks: r.text(d.Claims.OrgJWKS), OrgRevokedJwks: r.text(d.Claims.OrgRevokedJWKS),
			},
		},
		OrgStatus:    r.text(d.Claims.OrgStatus),
		Environment:  r.text(d.Claims.Environment),
		Scopes:       r.scopes(d.Claims.Scope),
		RedirectURIs: r.texts(d.Claims.RedirectURIs),
	}
	r.authority(d, statement)
	if r.refusal != nil {
		return nil, r.refusal
	}
	return statement, nil
}

// reader reads claims and keeps the first refusal.
type reader struct {
	claims  strictjson.Object
	refusal error
}

func (r *reader) refuse(err *dcr.Error) {
	if r.refusal == nil {
		r.refusal = err
	}
}

// text reads an optional claim. The directory may have no name for it.
func (r *reader) text(name string) string {
	if name == "" || !r.claims.Has(name) {
		return ""
	}
	text, err := r.claims.String(name)
	if err != nil {
		r.refuse(wrongType(name, "a string").CausedBy(err))
	}
	return text
}

// required reads a required claim.
func (r *reader) required(name string) string {
	text := r.text(name)
	if text == "" {
		r.refuse(missing(name))
	}
	return text
}

// identifier reads a required claim that is an identifier.
func (r *reader) identifier(name string) string {
	text := r.required(name)
	if !identifier.MatchString(text) || strings.TrimSpace(text) == "" {
		r.refuse(dcr.RefuseStatement("statement.form", name))
	}
	return text
}

// texts reads a required array of strings.
func (r *reader) texts(name string) []string {
	if !r.claims.Has(name) {
		r.refuse(missing(name))
		return nil
	}
	texts, err := r.claims.Strings(name)
	if err != nil {
		r.refuse(wrongType(name, "an array of strings").CausedBy(err))
	}
	return texts
}

// roles reads a claim that is an array of strings, or one string (as the Australian register has it).
func (r *reader) roles(name string) []string {
	if role, err := r.claims.String(name); err == nil {
		return []string{role}
	}
	return r.texts(name)
}

// scopes reads a claim of scope tokens, which may be absent.
func (r *reader) scopes(name string) []string {
	if text := r.text(name); text != "" {
		return strings.Fields(text)
	}
	return nil
}

// authority reads the competent authority's claims: an object with authority_id, registration_id, status and
// authorisations. A statement may omit it; if present, it must have the status.
func (r *reader) authority(d *dcr.Directory, s *dcr.Statement) {
	name := d.Claims.Authority
	if name == "" || !r.claims.Has(name) {
		return
	}
	object, err := r.claims.Object(name)
	if err != nil {
		r.refuse(wrongType(name, "an object").CausedBy(err))
		return
	}
	inner := reader{claims: object}
	s.AuthorityState = inner.required("status")
	s.Software.AuthorisationNumber = inner.text("registration_id")
	s.Software.Authority = d.Authorities[inner.text("authority_id")]
	if object.Has("authorisations") {
		s.AuthorisedFor, err = authorised(object, d.MemberState)
	}
	if inner.refusal != nil || err != nil {
		r.refuse(dcr.RefuseStatement("statement.authority_form", name).
			CausedBy(errors.Join(inner.refusal, err)))
	}
}

// authorised returns the roles that are authorised for a member state.
func authorised(object strictjson.Object, memberState string) ([]string, error) {
	authorisations, err := object.Objects("authorisations")
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, authorisation := range authorisations {
		state, err := authorisation.String("member_state")
		if err != nil {
			return nil, err
		}
		these, err := authorisation.Strings("roles")
		if err != nil {
			return nil, err
		}
		if state == memberState {
			roles = slices.Concat(roles, these)
		}
	}
	return roles, nil
}

func missing(name string) *dcr.Error {
	return dcr.RefuseStatement("statement.missing", name, "the software statement")
}

func wrongType(name, must string) *dcr.Error {
	return dcr.RefuseStatement("statement.type", name, must)
}
