package rule

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// "This must be a subset of the scopes in the SSA" (OBIE DCR, Data Mapping, scope). The SSA has roles in some versions
// and scopes in others: every scope token is compared as a whole, and each needs its role.
func scope(r *dcr.Registration) error {
	if !asksScope(r) {
		return ofStatement(enough(r, allowedScopes(r)))
	}
	tokens, err := askedScope(r)
	if err != nil || slices.ContainsFunc(tokens, func(token string) bool { return !isScopeToken(token) }) {
		return dcr.Refuse("scope.form", scopeForm(r)).At("/scope").CausedBy(err)
	}
	if r.Profile.UnknownScopes == dcr.DropScopes {
		return enough(r, permitted(r, tokens))
	}
	return dcr.Join(checkScopes(r, tokens), manages(r, tokens))
}

// checkScopes refuses the tokens with one refusal for each type of problem.
func checkScopes(r *dcr.Registration, tokens []string) error {
	var unknown, role, statement []string
	for _, token := range tokens {
		_, known := r.Directory.Roles(token)
		switch {
		case !known:
			unknown = append(unknown, token)
		case !r.Directory.Grants(token, r.Statement.Software.Roles):
			role = append(role, token)
		case r.Statement.Scopes != nil && !slices.Contains(r.Statement.Scopes, token):
			statement = append(statement, token)
		}
	}
	var found []error
	for _, fault := range []struct {
		id     string
		tokens []string
	}{{"scope.unknown", unknown}, {"scope.role", role}, {"scope.statement", statement}} {
		if len(fault.tokens) > 0 {
			found = append(found, dcr.Refuse(fault.id, dcr.Values(fault.tokens), dcr.Values(allowedScopes(r))).At("/scope"))
		}
	}
	return dcr.Join(found...)
}

// enough refuses a client for which no scope remains.
func enough(r *dcr.Registration, tokens []string) error {
	if len(tokens) == 0 {
		return dcr.Refuse("scope.none", dcr.Values(allowedScopes(r))).At("/scope")
	}
	return manages(r, tokens)
}

// manages refuses a client that could not read, update or delete its registration.
func manages(r *dcr.Registration, tokens []string) error {
	if needed := r.Profile.Clients.ManagementScope; needed != "" && !slices.Contains(tokens, needed) {
		return dcr.Refuse("scope.management", needed).At("/scope")
	}
	return nil
}

// ofStatement turns a refusal of the request into one of the software statement, which sets the scope.
func ofStatement(err error) error {
	refusal, ok := errors.AsType[*dcr.Error](err)
	if !ok {
		return err
	}
	return refusal.As(dcr.InvalidSoftwareStatement).At("/software_statement")
}

// registeredScopes returns the client's scopes: those it asks for, or else all that it may have.
func registeredScopes(r *dcr.Registration) ([]string, error) {
	if !asksScope(r) {
		return allowedScopes(r), nil
	}
	tokens, err := askedScope(r)
	if err == nil && r.Profile.UnknownScopes == dcr.DropScopes {
		tokens = permitted(r, tokens)
	}
	return tokens, err
}

// asksScope reports whether the request sets the scope. It does not if the dictionary has the scope only in the
// response, or if the scope is optional and absent: "if not specified, default scopes are assigned by the AS" (OBIE
// DCR, Data Dictionary, scope).
func asksScope(r *dcr.Registration) bool {
	member := r.Profile.Members["scope"]
	return member == nil || member.In != dcr.InResponse && (member.Required || r.Request.Has("scope"))
}

// allowedScopes returns all scopes that the software product may have: those in its statement ("Data Holders MUST
// ignore unsupported authorisation scopes presented in the SSA", Consumer Data Standards), or those of its roles if the
// statement names no scopes.
func allowedScopes(r *dcr.Registration) []string {
	if r.Statement.Scopes != nil {
		return permitted(r, r.Statement.Scopes)
	}
	return permitted(r, slices.Sorted(maps.Keys(r.Directory.Scopes)))
}

// permitted returns those of the tokens that this server knows and the software product may have.
func permitted(r *dcr.Registration, tokens []string) []string {
	allowed := []string{}
	for _, token := range tokens {
		named := r.Statement.Scopes == nil || slices.Contains(r.Statement.Scopes, token)
		if named && r.Directory.Grants(token, r.Statement.Software.Roles) {
			allowed = append(allowed, token)
		}
	}
	return allowed
}

// askedScope returns the scope of the request: one string, or an array as in OBIE DCR 3.1. "scope = scope-token *( SP
// scope-token )" (RFC 6749, section 3.3).
func askedScope(r *dcr.Registration) ([]string, error) {
	if scopeIsArray(r.Profile) {
		return r.Request.Strings("scope")
	}
	text, err := r.Request.String("scope")
	return strings.Split(text, " "), err
}

func scopeForm(r *dcr.Registration) string {
	if scopeIsArray(r.Profile) {
		return "an array of scopes"
	}
	return "a string of scopes with one space between two of them"
}

func scopeIsArray(p *dcr.Profile) bool {
	member := p.Members["scope"]
	return member != nil && member.Type == dcr.TypeStrings
}

// scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) (RFC 6749, section 3.3)
func isScopeToken(token string) bool {
	for i := range len(token) {
		if c := token[i]; c < 0x21 || c == '"' || c == '\\' || c > 0x7e {
			return false
		}
	}
	return token != ""
}
