package trust

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// Binds says whether a verified certificate's names are the software product's. "The ASPSP SHOULD check whether the TPP
// that initiated the TLS connection is the same TPP as listed in the SSA" (OBIE Directory, Request Validation); here it
// always is. Which names a certificate has depends on its type.
func Binds(kind string, c *Certificate, of *dcr.Software) bool {
	switch kind {
	case "ob_legacy": // CN=<software_id>,OU=<org_id>
		return same(c.OrganisationalUnit, of.GetOrgId()) && same(c.CommonName, of.GetId())
	case "obwac": // CN=<org_id>
		return same(c.CommonName, of.GetOrgId())
	case "qwac": // neither: the authority's number, or a key that the directory lists
		return same(c.AuthorisationNumber, of.GetAuthorisationNumber())
	}
	// CN=<product>,O=<brand>,OU=Consumer Data Right. No name in it says which software it is: it has proved a participant's
	// by its CA. That it is this one's is proved by the signature of the request, or of the client assertion, with a key of
	// the software's jwks_uri; and every token is bound to the certificate that it was got with.
	return kind == "cdr"
}

// orListed says whether a certificate whose names are not the software product's may be listed by the directory instead.
func orListed(kind string) bool { return kind == "qwac" }

// namesSoftware says whether a certificate that is bound is one software product's alone, by its own words.
func namesSoftware(kind string) bool { return kind == "ob_legacy" }

// namesRoles says whether a certificate that has a PSD2 statement names all roles of the software product in it. What the
// statement names is what the authority has authorised the holder for (ETSI TS 119 495, section 5.1). A certificate
// without the statement, as those of the old kind, says nothing about roles.
func namesRoles(c *Certificate, of *dcr.Software) bool {
	return c.Roles == nil || !slices.ContainsFunc(of.GetRoles(), func(role string) bool { return !slices.Contains(c.Roles, role) })
}

// same compares two names, neither of which may be empty: an absent one matches nothing.
func same(a, b string) bool { return a != "" && a == b }
