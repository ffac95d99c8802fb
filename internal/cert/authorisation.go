package cert

import (
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// Authorisation returns the competent authority, such as GB-FCA, and the authorisation number that it gave the holder
// of a subject. It reads an organizationIdentifier of the form PSDcc-NCA-number: "PSD", a country of two letters, an
// authority of two to eight, and the authority's own number, which may contain hyphens and spaces (ETSI TS 119 495,
// section 5.2.1). Both are "" for any other identifier, such as VAT, NTR and LEI.
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

// letters reports whether text has least to most letters, all from A to Z.
func letters(text string, least, most int) bool {
	return len(text) >= least && len(text) <= most && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
