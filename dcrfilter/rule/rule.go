// Package rule holds the rules of registration: what a registration standard requires of a request and its software
// statement. Use Check once all signatures are verified. Rules have no I/O and read only the registration; whether a
// certificate or key belongs to a software product is for dcrfilter/trust to decide.
package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// A Rule checks one requirement of a registration. Check returns nil, or a *dcr.Error whose Rule is the rule's ID or begins
// with it and a dot; More contains its further problems.
//
// In the request that Check receives, the values of the software statement have replaced those of the client.
type Rule struct {
	ID    string
	Check func(*dcr.Registration) error
	Reads []string // members, by the names of records; the rule is skipped if the dictionary refuses one

	// Optional rules run only for the profiles that name them. The others always run: without one of them a request
	// could be replayed, be meant for another server, or get permissions that its software product must not have.
	Optional bool
}

// All lists the rules in the order in which they run: identity before content. The first refusal decides the answer.
var All = []Rule{
	{ID: "dictionary", Check: dictionary},
	{ID: "issuer", Check: issuer, Reads: []string{"iss"}},
	{ID: "software_id", Check: softwareID, Reads: []string{"software_id"}},
	{ID: "audience", Check: audience, Reads: []string{"aud"}},
	{ID: "times", Check: times, Reads: []string{"iat", "exp"}},
	{ID: "client_id", Check: clientID},
	{ID: "management", Check: management},
	{ID: "immutable", Check: immutable},
	{ID: "keys", Check: keys},
	{ID: "client_name", Check: clientName, Reads: shownNames, Optional: true},
	{ID: "auth_method", Check: authMethod, Reads: []string{"token_endpoint_auth_method"}},
	{ID: "auth_signing_alg", Check: authSigningAlg, Reads: []string{
		"token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "grant_types", "request_object_signing_alg", "backchannel_authentication_request_signing_alg",
	}},
	{ID: "tls_client_auth", Check: tlsClientAuth, Reads: []string{"token_endpoint_auth_method", subjectDN}, Optional: true},
	{ID: "response_types", Check: responseTypes, Reads: []string{"grant_types", "response_types"}},
	{ID: "encryption", Check: encryption, Optional: true},
	{ID: "hybrid", Check: hybrid, Reads: []string{"grant_types", "response_types", "id_token_encrypted_response_alg"}, Optional: true},
	{ID: "jarm", Check: jarm, Reads: []string{"grant_types", "response_types", "authorization_signed_response_alg"}, Optional: true},
	{ID: "ciba", Check: ciba, Reads: slices.Concat([]string{"grant_types"}, cibaRequired, cibaOptional), Optional: true},
	{ID: "redirect_uris", Check: redirectURIs, Reads: []string{"redirect_uris"}},
	{ID: "scope", Check: scope, Reads: []string{"scope"}},
}

// IDs returns the ids of the optional rules, or of the mandatory ones, in the order in which they run.
func IDs(optional bool) []string {
	var ids []string
	for _, rule := range All {
		if rule.Optional == optional {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// Check runs the rules of the registration's profile. It returns nil if every rule ran and found nothing. Otherwise it
// returns all problems as one refusal, of which the first decides the answer. A rule is skipped if the dictionary has
// refused a member that it reads. An error that is not a *dcr.Error is an internal fault, and denies too.
func Check(r *dcr.Registration) error {
	if r == nil || r.Profile == nil || r.Directory == nil || r.Statement == nil || r.Statement.Software == nil || r.Now.IsZero() || r.Current != nil && r.Current.Profile == nil {
		return errors.New("rules: the registration is not complete")
	}
	for _, id := range r.Profile.Rules {
		if !slices.Contains(IDs(true), id) {
			return fmt.Errorf("rules: profile %s names %s, which is not an optional rule", r.Profile.Name, id)
		}
	}
	effective, wrong := withStatement(r), map[string]bool{}
	var found []error
	for _, rule := range All {
		if rule.Optional && !slices.Contains(r.Profile.Rules, rule.ID) {
			continue
		}
		if slices.ContainsFunc(rule.Reads, func(member string) bool { return wrong[member] }) {
			continue // the dictionary has refused the request already
		}
		err := rule.Check(effective)
		if refusal, ok := errors.AsType[*dcr.Error](err); ok && rule.ID == "dictionary" {
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

// withStatement returns the registration with the statement's values in the request: "client metadata values conveyed
// in the software statement MUST take precedence over those conveyed using plain JSON elements" (RFC 7591, section
// 3.1.1). This excludes claims that the directory maps, such as the allowed redirect_uris: the rules compare the
// request with them.
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
	spellResponseTypes(&effective)
	return &effective
}

// optional reads a member that may be absent. It then returns the zero value.
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

// list joins values for a sentence.
func list(values []string) string { return strings.Join(values, ", ") }
