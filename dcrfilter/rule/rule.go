// Package rule holds the rules of registration: what a registration standard demands of a request and of the software
// statement in it, one sentence each. Rules are pure: they read the registration they are given and nothing else.
package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// A Rule checks one thing about a registration: nil, or a *dcr.Error whose Rule is the rule's ID or begins with it and
// a dot, with all else that the rule finds wrong in its More. A profile names its rules by ID, in the order they are asked.
//
// The request that it is given is the one that counts: what the software statement says of a member of the profile stands
// in it in place of what was asked.
type Rule struct {
	ID    string
	Check func(*dcr.Registration) error
	Reads []string // members, by the names of records, that say nothing to the rule unless they have the dictionary's form
}

// All are the rules a profile can name, in the order in which the shipped profiles do: identity before content.
var All = []Rule{
	{"dictionary", dictionary, nil},
	{"issuer", issuer, []string{"iss"}},
	{"software_id", softwareID, []string{"software_id"}},
	{"audience", audience, []string{"aud"}},
	{"times", times, []string{"iat", "exp"}},
	{"client_id", clientID, nil},
	{"management", management, nil},
	{"immutable", immutable, nil},
	{"keys", keys, nil},
	{"client_name", clientName, shownNames},
	{"auth_method", authMethod, []string{"token_endpoint_auth_method"}},
	{"auth_signing_alg", authSigningAlg, []string{"token_endpoint_auth_method", "token_endpoint_auth_signing_alg"}},
	{"tls_client_auth", tlsClientAuth, []string{"token_endpoint_auth_method", subjectDN}},
	{"response_types", responseTypes, []string{"grant_types", "response_types"}},
	{"encryption", encryption, nil},
	{"hybrid", hybrid, []string{"grant_types", "response_types", "id_token_encrypted_response_alg"}},
	{"jarm", jarm, []string{"grant_types", "response_types", "authorization_signed_response_alg"}},
	{"ciba", ciba, slices.Concat([]string{"grant_types"}, cibaRequired, cibaOptional)},
	{"redirect_uris", redirectURIs, []string{"redirect_uris"}},
	{"scope", scope, []string{"scope"}},
}

// Indispensable are the rules that every profile names: without one of them a request could be replayed, be meant for
// somebody else, or get what its software may not have.
func Indispensable() []string {
	return []string{
		"dictionary", "issuer", "software_id", "audience", "times", "client_id", "management", "immutable", "keys",
		"auth_method", "auth_signing_alg", "response_types", "redirect_uris", "scope",
	}
}

// Known says whether there is a rule of that ID.
func Known(id string) bool { _, ok := find(id); return ok }

func find(id string) (Rule, bool) {
	at := slices.IndexFunc(All, func(rule Rule) bool { return rule.ID == id })
	if at < 0 {
		return Rule{}, false
	}
	return All[at], true
}

// Check asks the rules of the registration's profile, in their order, and returns all that they find wrong as one refusal,
// which answers with the first. nil means that every one of them was asked and found nothing. What the dictionary finds
// wrong is not looked at once more by rules that read it. An error that is not a *dcr.Error is a fault of ours, and denies
// too.
func Check(r *dcr.Registration) error {
	if r == nil || r.Profile == nil || r.Directory == nil || r.Statement == nil || r.Statement.Software == nil || r.Now.IsZero() {
		return errors.New("rules: the registration is not complete")
	}
	if len(r.Profile.Rules) == 0 {
		return fmt.Errorf("rules: profile %s names none", r.Profile.Name)
	}
	effective, wrong := withStatement(r), map[string]bool{}
	var found []error
	for _, id := range r.Profile.Rules {
		rule, known := find(id)
		if !known {
			return fmt.Errorf("rules: profile %s names %s, which there is not", r.Profile.Name, id)
		}
		if slices.ContainsFunc(rule.Reads, func(member string) bool { return wrong[member] }) {
			continue // the dictionary has refused the request already
		}
		err := rule.Check(effective)
		if refusal, ok := errors.AsType[*dcr.Error](err); ok && id == "dictionary" {
			for _, finding := range slices.Concat([]*dcr.Error{refusal}, refusal.More) {
				member, _, _ := strings.Cut(strings.TrimPrefix(finding.Pointer, "/"), "/")
				wrong[r.Profile.As(member)] = true
			}
		}
		found = append(found, err)
	}
	err := dcr.Join(found...)
	if refusal, ok := errors.AsType[*dcr.Error](err); ok {
		return refusal.Under(r.Profile)
	}
	return err
}

// withStatement returns the registration with the request that counts: "client metadata values conveyed in the software
// statement MUST take precedence over those conveyed using plain JSON elements" (RFC 7591, section 3.1.1). Claims that
// the directory gives a meaning of its own, as the list of which redirect_uris must be a part, are not such values: the
// rules compare with them.
func withStatement(r *dcr.Registration) *dcr.Registration {
	effective := *r
	effective.Request = make(strictjson.Object, len(r.Request))
	for name, value := range r.Request {
		effective.Request[name] = value
	}
	mapped := r.Directory.Claims.Names()
	for name, member := range r.Profile.Members {
		value, has := r.Statement.Claims[name]
		if has && member.In == dcr.InBoth && name != "software_statement" && !slices.Contains(mapped, name) {
			effective.Request[name] = value
		}
	}
	return &effective
}

// optional reads a member that may be absent, for which it returns the zero value.
func optional[T any](o strictjson.Object, name string, read func(string) (T, error)) (T, error) {
	var zero T
	if !o.Has(name) {
		return zero, nil
	}
	value, err := read(name)
	if err != nil {
		return zero, fmt.Errorf("rules: the dictionary let %s through: %w", name, err)
	}
	return value, nil
}

// list writes values into a sentence.
func list(values []string) string { return strings.Join(values, ", ") }
