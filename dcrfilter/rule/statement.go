package rule

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// CheckStatement checks that a software statement with a verified signature is acceptable at now. Its error is a
// *dcr.Error with all problems.
func CheckStatement(d *dcr.Directory, s *dcr.Statement, now time.Time) error {
	if d == nil || s == nil || s.Software.GetDirectory() != d.Name || now.IsZero() {
		return errors.New("rules: the software statement is not complete")
	}
	var found []error
	for _, check := range []func(*dcr.Directory, *dcr.Statement, time.Time) error{
		statementTimes, statementStatus, statementEnvironment, statementRoles, statementAuthorised,
	} {
		found = append(found, check(d, s, now))
	}
	return dcr.Join(found...)
}

// "The SSA MUST be validated according to RFC 7519, including validation of the signature and validity window. The SSA's
// Lifetime / Validity period is not defined by Open Banking" (OBIE Directory, Request Validation): its statements have
// no exp, and the directory's file says how old one may be.
func statementTimes(d *dcr.Directory, s *dcr.Statement, now time.Time) error {
	err := dcr.Times{IssuedAt: s.IssuedAt, NotBefore: s.NotBefore, Expires: s.Expires}.Check(now, d.MaxAge, 0)
	var wrong *dcr.TimeError
	if errors.As(err, &wrong) {
		return dcr.RefuseStatementTime(wrong)
	}
	return err
}

// Only organisations in good standing may register: with the directory, and with their competent authority if the
// statement contains its claims. The case of the values varies in practice (OBIE Directory, Software Statement
// Assertion).
func statementStatus(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	var organisation, authority error
	if d.Claims.OrgStatus != "" && !active(d, s.OrgStatus) {
		organisation = dcr.RefuseStatement("statement.status", d.Claims.OrgStatus, list(d.ActiveStatus))
	}
	if s.AuthorityState != "" && !active(d, s.AuthorityState) {
		authority = dcr.RefuseStatement("statement.authority", d.Claims.Authority, list(d.ActiveStatus))
	}
	return dcr.Join(organisation, authority)
}

func active(d *dcr.Directory, status string) bool {
	return slices.ContainsFunc(d.ActiveStatus, func(ok string) bool { return strings.EqualFold(ok, status) })
}

// A statement for the sandbox is not accepted in production, and vice versa.
func statementEnvironment(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	is := func(environment string) bool { return strings.EqualFold(environment, d.Environment) }
	if d.Environment != "" && !slices.ContainsFunc(s.Environments, is) {
		return dcr.RefuseStatement("statement.environment", d.Environment)
	}
	return nil
}

// A software product whose roles allow no scope here has nothing to register for.
func statementRoles(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	var wanted []string
	for scope := range d.Scopes {
		roles, _ := d.Roles(scope)
		wanted = append(wanted, roles...)
	}
	allowed := func(role string) bool { return slices.Contains(wanted, role) }
	if len(wanted) == 0 || slices.ContainsFunc(s.Software.Roles, allowed) {
		return nil
	}
	return dcr.RefuseStatement("statement.roles", d.Claims.Roles)
}

// The competent authority must have authorised the roles in the statement. A statement without the authority's claims
// passes.
func statementAuthorised(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	if d.MemberState == "" || s.AuthorityState == "" {
		return nil
	}
	for _, role := range s.Software.Roles {
		if !slices.Contains(s.AuthorisedFor, role) {
			return dcr.RefuseStatement("statement.authorised", d.Claims.Roles, strings.Join(d.MemberStates(), " or "), d.Claims.Authority)
		}
	}
	return nil
}
