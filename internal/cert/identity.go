package cert

import (
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// Identity is what a subject says of who its holder is, as the fields of Certificate.
type Identity struct {
	CommonName, Organisation, OrganisationalUnit, OrganisationIdentifier, AuthorisationNumber string
}

// IdentityOf reads a subject. It refuses one with several CNs or organizationIdentifiers, for which holder it names would
// be anybody's guess. Its errors are of type *Error.
func IdentityOf(subject dn.Name) (Identity, error) {
	var of Identity
	names, organisations, units := subject.Values(dn.CommonName), subject.Values("2.5.4.10"), subject.Values("2.5.4.11")
	identifiers := subject.Values(dn.OrganizationIdentifier)
	if len(names) > 1 || len(identifiers) > 1 {
		return of, refuse("certificate.subject", "the client certificate's subject has more than one CN or organizationIdentifier")
	}
	if len(names) == 1 {
		of.CommonName = names[0]
	}
	if len(organisations) == 1 {
		of.Organisation = organisations[0]
	}
	if len(units) == 1 {
		of.OrganisationalUnit = units[0]
	}
	if len(identifiers) == 1 {
		of.OrganisationIdentifier = identifiers[0]
		of.AuthorisationNumber = authorisationNumber(identifiers[0])
	}
	return of, nil
}

// consumerDataRight is the OU of every certificate of the Australian CDR CA (Consumer Data Standards, Certificate
// Management).
const consumerDataRight = "Consumer Data Right"

// Is says whether the subject follows the rules of a profile, ob_legacy, obwac, qwac or cdr.
// One subject may follow those of obwac and of qwac, or of cdr and of ob_legacy: only their issuers differ, and
// Anchors.Verify asks about those.
func (i Identity) Is(profile string) bool {
	switch profile {
	case "ob_legacy":
		return i.CommonName != "" && i.OrganisationalUnit != "" && i.OrganisationIdentifier == ""
	case "obwac":
		return i.CommonName != "" && i.OrganisationIdentifier != ""
	case "qwac":
		return strings.HasPrefix(i.OrganisationIdentifier, "PSD")
	case "cdr":
		return i.CommonName != "" && i.Organisation != "" && i.OrganisationalUnit == consumerDataRight && i.OrganisationIdentifier == ""
	}
	return false
}

// authorisationNumber returns the last part of PSDcc-NCA-id: "PSD", a country of two letters, an authority of two to
// eight, and the PSP identifier as the authority issued it, which may hold hyphens and spaces itself (ETSI TS 119 495,
// section 5.2.1). It returns "" for anything else, as VAT, NTR and LEI identifiers.
func authorisationNumber(identifier string) string {
	text, ok := strings.CutPrefix(identifier, "PSD")
	parts := strings.SplitN(text, "-", 3)
	if !ok || len(parts) != 3 {
		return ""
	}
	country, authority, number := parts[0], parts[1], parts[2]
	length := utf8.RuneCountInString(number)
	if !letters(country, 2, 2) || !letters(authority, 2, 8) || length < 1 || length > 128 {
		return ""
	}
	return number
}

// letters says whether text is of least to most letters A to Z.
func letters(text string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
