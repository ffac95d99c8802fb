package rule

import (
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// "This must be a subset of the scopes in the SSA" (OBIE DCR, Data Mapping, scope), which speaks of roles: every token is
// compared as a whole, and each needs its role.
func scope(r *dcr.Registration) error {
	tokens, ok := scopeTokens(r)
	if !ok {
		return metadata("scope.form", "scope", "scope must be a string of scope tokens with one space between two of them").
			Per("RFC 6749, section 3.3")
	}
	var unknown, role error
	for _, token := range tokens {
		needs, known := r.Directory.Scopes[token]
		if !known {
			unknown = metadata("scope.unknown", "scope", "scope must hold only tokens that this server knows").Per(dataDictionary(r) + ", scope")
		} else if needs != "" && !slices.Contains(r.Statement.Roles, needs) {
			role = metadata("scope.role", "scope", "scope must hold only tokens that the roles of the software statement allow").
				Per(dataDictionary(r) + ", scope")
		}
	}
	return dcr.Join(unknown, role)
}

// scopeTokens reads the scope: "scope = scope-token *( SP scope-token ); scope-token = 1*( %x21 / %x23-5B / %x5D-7E )"
// (RFC 6749, section 3.3).
func scopeTokens(r *dcr.Registration) ([]string, bool) {
	text, err := r.Request.String("scope")
	if err != nil {
		return nil, false
	}
	tokens := strings.Split(text, " ")
	for _, token := range tokens {
		if token == "" {
			return nil, false
		}
		for i := range len(token) {
			if c := token[i]; c < 0x21 || c == '"' || c == '\\' || c > 0x7e {
				return nil, false
			}
		}
	}
	return tokens, true
}
