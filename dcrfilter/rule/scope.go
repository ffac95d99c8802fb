package rule

import (
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// "This must be a subset of the scopes in the SSA" (OBIE DCR, Data Mapping, scope), which speaks of roles: every token is
// compared as a whole, and each needs its role.
func scope(r *dcr.Registration) error {
	tokens, ok := scopeTokens(r)
	if !ok {
		return metadata("scope.form", "scope", "scope must be "+scopeForm(r)).Per("RFC 6749, section 3.3")
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
	member := r.Profile.Members["scope"]
	if member != nil && !member.Required && !r.Request.Has("scope") {
		return defaultScope(r), true
	}
	tokens, err := askedScope(r)
	return tokens, err == nil && !slices.ContainsFunc(tokens, func(token string) bool { return !isScopeToken(token) })
}

// askedScope is the scope as the request has it: in one string, or as OBIE DCR 3.1 has it, in an array.
func askedScope(r *dcr.Registration) ([]string, error) {
	if scopeIsArray(r.Profile) {
		return r.Request.Strings("scope")
	}
	text, err := r.Request.String("scope")
	return strings.Split(text, " "), err
}

func scopeForm(r *dcr.Registration) string {
	if scopeIsArray(r.Profile) {
		return "an array of scope tokens"
	}
	return "a string of scope tokens with one space between two of them"
}

func scopeIsArray(p *dcr.Profile) bool {
	member := p.Members["scope"]
	return member != nil && member.Type == dcr.TypeStrings
}

// "if not specified, default scopes are assigned by the AS" (OBIE DCR, Data Dictionary, scope): all that the software's
// roles allow.
func defaultScope(r *dcr.Registration) []string {
	allowed := []string{}
	for _, token := range slices.Sorted(maps.Keys(r.Directory.Scopes)) {
		if role := r.Directory.Scopes[token]; role == "" || slices.Contains(r.Statement.Roles, role) {
			allowed = append(allowed, token)
		}
	}
	return allowed
}

func isScopeToken(token string) bool {
	for i := range len(token) {
		if c := token[i]; c < 0x21 || c == '"' || c == '\\' || c > 0x7e {
			return false
		}
	}
	return token != ""
}
