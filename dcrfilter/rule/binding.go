package rule

import (
	"errors"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// ErrBinding says that a certificate is not one of the software product's.
var ErrBinding = errors.New("the TLS client certificate does not match the software statement")

// ErrRoles says that a certificate is the software product's, but that its authority has not authorised it for all that the
// product does.
var ErrRoles = errors.New("the PSD2 statement of the TLS client certificate does not name every role of the software")

// CheckBinding says whether a verified certificate belongs to the software product: nil, or ErrBinding. "The ASPSP SHOULD check
// whether the TPP that initiated the TLS connection is the same TPP as listed in the SSA" (OBIE Directory, Request
// Validation); here it always is. Which names a certificate has depends on its kind.
func CheckBinding(c *dcr.Presented, of *dcr.Software) error {
	if c == nil || c.Certificate == nil {
		return ErrBinding
	}
	bound := false
	switch c.Profile {
	case "ob_legacy": // CN=<software_id>,OU=<org_id>
		bound = same(c.OrganisationalUnit, of.GetOrgId()) && same(c.CommonName, of.GetId())
	case "obwac": // CN=<org_id>
		bound = same(c.CommonName, of.GetOrgId())
	case "qwac": // neither: the authority's number, or a key that the directory lists
		bound = same(c.AuthorisationNumber, of.GetAuthorisationNumber()) || c.Listed
	case "cdr": // CN=<product>,O=<brand>,OU=Consumer Data Right
		// No name in it says which software it is: it has proved a participant's by its CA. That it is this one's is proved
		// by the signature of the request, or of the client assertion, with a key of the software's jwks_uri; and every
		// token is bound to the certificate that it was got with.
		bound = true
	}
	if !bound {
		return ErrBinding
	}
	return nil
}

// CheckRoles says whether a certificate that has a PSD2 statement names all roles of the software product in it: nil, or ErrRoles. What
// the statement names is what the authority has authorised the holder for (ETSI TS 119 495, section 5.1). A
// certificate without the statement, as those of the old kind, says nothing about roles.
func CheckRoles(c *dcr.Presented, of *dcr.Software) error {
	if c.Roles == nil {
		return nil
	}
	for _, role := range of.GetRoles() {
		if !slices.Contains(c.Roles, role) {
			return ErrRoles
		}
	}
	return nil
}

// NamesSoftware says whether a certificate that CheckBinding has bound is one software's alone, by its own words: who
// holds it has proved to be that software. All others are their organisation's.
func NamesSoftware(c *dcr.Presented) bool { return c.Profile == "ob_legacy" }

// same compares two names, neither of which may be empty: an absent one matches nothing.
func same(a, b string) bool { return a != "" && a == b }

// CertificateProfiles are the kinds of certificates that CheckBinding knows.
func CertificateProfiles() []string { return []string{"ob_legacy", "obwac", "qwac", "cdr"} }
