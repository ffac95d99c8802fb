package cert

import (
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// Authorisation returns the number that a competent authority gave the holder of a subject, and the authority, as GB-FCA,
// out of an organizationIdentifier PSDcc-NCA-number: "PSD", a country of two letters, an authority of two to eight, and the
// number as the authority issued it, which may hold hyphens and spaces itself (ETSI TS 119 495, section 5.2.1). Both are ""
// for anything else, such as VAT, NTR and LEI identifiers.
func Authorisation(subject dn.Name) (authority, number string) {
	identifiers := subject.Values(dn.OrganizationIdentifier)
	if len(identifiers) != 1 {
		return "", ""
	}
	text, ok := strings.CutPrefix(identifiers[0], "PSD")
	parts := strings.SplitN(text, "-", 3)
	if !ok || len(parts) != 3 {
		return "", ""
	}
	length := utf8.RuneCountInString(parts[2])
	if !letters(parts[0], 2, 2) || !letters(parts[1], 2, 8) || length < 1 || length > 128 {
		return "", ""
	}
	return parts[0] + "-" + parts[1], parts[2]
}

// letters says whether text is of least to most letters A to Z.
func letters(text string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
