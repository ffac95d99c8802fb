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
		Environments: r.some(d.Claims.Environment),
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

// roles reads a required claim that is an array of strings, or one string (as the Australian register has it).
func (r *reader) roles(name string) []string {
	if role, err := r.claims.String(name); err == nil {
		return []string{role}
	}
	return r.texts(name)
}

// some reads an optional claim like roles.
func (r *reader) some(name string) []string {
	if name == "" || !r.claims.Has(name) {
		return nil
	}
	return r.roles(name)
}

// scopes reads a claim of scope tokens, which may be absent.
func (r *reader) scopes(name string) []string {
	if text := r.text(name); text != "" {
		return strings.Fields(text)
	}
	return nil
}

// authority reads the competent authority's claims: an object with authority_id, registration_id, status and
// authorisations, or an array of them, one for each authority. A statement may omit them; each must have a status. Those
// whose status is active count together; if none is, the first speaks.
func (r *reader) authority(d *dcr.Directory, s *dcr.Statement) {
	name := d.Claims.Authority
	if name == "" || !r.claims.Has(name) {
		return
	}
	all, err := r.claims.Objects(name)
	if one, failed := r.claims.Object(name); failed == nil {
		all, err = []strictjson.Object{one}, nil
	}
	if err != nil || len(all) == 0 {
		r.refuse(wrongType(name, "an object, or an array of objects").CausedBy(err))
		return
	}
	for _, object := range all {
		inner := reader{claims: object}
		state := inner.required("status")
		number, authority := inner.text("registration_id"), d.Authorities[inner.text("authority_id")]
		roles, err := authorised(object, d.MemberStates())
		if inner.refusal != nil || err != nil {
			r.refuse(dcr.RefuseStatement("statement.authority_form", name).CausedBy(errors.Join(inner.refusal, err)))
			return
		}
		active := func(status string) bool { return strings.EqualFold(status, state) }
		if s.AuthorityState != "" && !slices.ContainsFunc(d.ActiveStatus, active) {
			continue
		}
		if s.AuthorityState == "" || !slices.ContainsFunc(d.ActiveStatus, func(status string) bool { return strings.EqualFold(status, s.AuthorityState) }) {
			s.AuthorisedFor, s.Software.Authority, s.Software.AuthorisationNumber = nil, "", "" // an inactive one spoke so far
			s.AuthorityState = state
		}
		s.AuthorisedFor = slices.Concat(s.AuthorisedFor, roles)
		if s.Software.Authority == "" && (authority != "" || s.Software.AuthorisationNumber == "") {
			s.Software.Authority, s.Software.AuthorisationNumber = authority, number
		}
	}
}

// authorised returns the roles that are authorised for one of the member states.
func authorised(object strictjson.Object, memberStates []string) ([]string, error) {
	if !object.Has("authorisations") {
		return nil, nil
	}
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
		if slices.Contains(memberStates, state) {
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
