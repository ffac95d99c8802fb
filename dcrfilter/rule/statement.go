package rule

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// CheckStatement asks what makes a software statement acceptable here and now, once its signature has been verified:
// nil, or a *dcr.Error with all that is wrong.
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

// Only organisations in good standing register: with the directory, and with their competent authority where the
// statement speaks of it. The case of the values varies in the wild (OBIE Directory, Software Statement Assertion).
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

// A statement for the sandbox is not accepted in production, nor the other way round.
func statementEnvironment(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	if d.Environment != "" && !strings.EqualFold(s.Environment, d.Environment) {
		return dcr.RefuseStatement("statement.environment", d.Environment)
	}
	return nil
}

// A software product without a role that gives a scope here has nothing to register for.
func statementRoles(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	wanted := slices.DeleteFunc(slices.Collect(maps.Values(d.Scopes)), func(role string) bool { return role == "" })
	allowed := func(role string) bool { return slices.Contains(wanted, role) }
	if len(wanted) == 0 || slices.ContainsFunc(s.Software.Roles, allowed) {
		return nil
	}
	return dcr.RefuseStatement("statement.roles", d.Claims.Roles)
}

// The directory's word on a software's roles holds where the competent authority has authorised them. A statement that
// does not speak of its authority says nothing against them.
func statementAuthorised(d *dcr.Directory, s *dcr.Statement, _ time.Time) error {
	if d.MemberState == "" || s.AuthorityState == "" {
		return nil
	}
	for _, role := range s.Software.Roles {
		if !slices.Contains(s.AuthorisedFor, role) {
			return dcr.RefuseStatement("statement.authorised", d.Claims.Roles, d.MemberState, d.Claims.Authority)
		}
	}
	return nil
}
