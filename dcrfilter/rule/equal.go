package rule

import (
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// SameAuthentication reports whether two clients authenticate at the token endpoint in the same way.
func SameAuthentication(a, b *dcrpb.Client) bool {
	nameA, nameB := a.GetTlsClientAuthSubjectDn(), b.GetTlsClientAuthSubjectDn()
	return a.GetTokenEndpointAuthMethod() == b.GetTokenEndpointAuthMethod() &&
		a.GetTokenEndpointAuthSigningAlg() == b.GetTokenEndpointAuthSigningAlg() &&
		(nameA == nameB || sameName(nameA, nameB))
}

// SameMetadata reports whether two registrations (Registered) ask for the same. Their lists and scopes are sets; how a
// client authenticates is for SameAuthentication to compare.
func SameMetadata(a, b strictjson.Object) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if name != subjectDN && (!b.Has(name) || !slices.Equal(members(a, name), members(b, name))) {
			return false
		}
	}
	return true
}

// members returns the values of a member in order, each once.
func members(o strictjson.Object, name string) []string {
	values, err := o.Strings(name)
	if text, isText := o.String(name); isText == nil && name == "scope" {
		values, err = strings.Fields(text), nil
	}
	if err != nil {
		return []string{string(o[name])}
	}
	slices.Sort(values)
	return slices.Compact(values)
}
