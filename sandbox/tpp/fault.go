package tpp

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Fault is a registration that is wrong on purpose, by a software product made for it.
type Fault struct {
	Name, What string
	Rules      []string // that refuse it, one for each finding
	Not        string   // why it is not a fault under the profile; empty where it is one

	roles     []string                             // of the software product; all of a TPP when nil
	scope     string                               // asked for; all that the roles allow when empty
	papers    func(*broken, context.Context) error // replaces what the TPP holds
	statement edit                                 // made by the directory, which signs what it is asked to
	forged    bool                                 // the statement is signed by the TPP itself, with the directory's kid
	request   edit
	twice     bool // sent once before, and accepted
}

// allFaults are all that `dcr-gateway tpp register --break` knows. The rules are the gate's, for each of OBIE's versions.
func allFaults() []Fault {
	return append(append(statementFaults(), requestFaults()...), metadataFaults()...)
}

// statementFaults are in the software statement and in the papers that must fit to it.
func statementFaults() []Fault {
	return []Fault{
		{Name: "expired-ssa", What: "the software statement is 31 minutes old", Rules: []string{"statement.times.iat"},
			statement: edit{times: map[string]time.Duration{"iat": -31 * time.Minute}}},
		{Name: "future-ssa", What: "the software statement is issued in five minutes", Rules: []string{"statement.times.iat"},
			statement: edit{times: map[string]time.Duration{"iat": 5 * time.Minute}}},
		{Name: "foreign-ssa-signer", What: "the software statement is signed by the TPP, with the directory's kid", Rules: []string{"statement.signature"},
			forged: true},
		{Name: "wrong-ssa-alg", What: "the software statement is signed with RS256", Rules: []string{"statement.jws.alg"},
			statement: edit{algorithm: "RS256"}},
		{Name: "withdrawn-organisation", What: "the software statement says that the organisation is withdrawn", Rules: []string{"statement.status"},
			statement: edit{claims: map[string]any{"org_status": "Withdrawn"}}},
		{Name: "foreign-certificate", What: "the transport certificate is another TPP's", Rules: []string{"statement.certificate"},
			papers: (*broken).takeCertificate},
		{Name: "foreign-software", What: "the software statement is another TPP's", Rules: []string{"statement.certificate"},
			papers: (*broken).takeSoftware},
	}
}

// requestFaults are in the request's signature and in its claims as a JWT.
func requestFaults() []Fault {
	return []Fault{
		{Name: "wrong-alg", What: "the request is signed with RS256", Rules: []string{"request.jws.alg"},
			request: edit{algorithm: "RS256"}},
		{Name: "alg-none", What: "the request's alg is none; it is signed all the same", Rules: []string{"request.jws.alg"},
			request: edit{algorithm: "none"}},
		{Name: "unsigned", What: "the request's alg is none, and it has no signature", Rules: []string{"request.jws.compact"},
			request: edit{algorithm: "none", unsigned: true}},
		{Name: "revoked-key", What: "the directory has revoked the signing key", Rules: []string{"keys.revoked"},
			papers: (*broken).revokeKey},
		{Name: "stale-key", What: "the signing key is not in the key set, as one that is not published yet, or no more", Rules: []string{"request.signature"},
			papers: (*broken).newKey},
		{Name: "expired-request", What: "the request's exp is a minute ago", Rules: []string{"times.exp"},
			request: edit{times: map[string]time.Duration{"iat": -6 * time.Minute, "exp": -time.Minute}}},
		{Name: "clock-skew", What: "the TPP's clock is an hour ahead", Rules: []string{"times.iat"},
			request: edit{times: map[string]time.Duration{"iat": time.Hour, "exp": time.Hour + dcrclient.Lifetime}}},
		{Name: "clock-skew-5m", What: "the TPP's clock is five minutes ahead", Rules: []string{"times.iat"},
			request: edit{times: map[string]time.Duration{"iat": 5 * time.Minute, "exp": 5*time.Minute + dcrclient.Lifetime}}},
		{Name: "replayed-jti", What: "the same request has registered the software before", Rules: []string{"jti.replay"},
			twice: true},
		{Name: "wrong-audience", What: "aud is another bank", Rules: []string{"audience"},
			request: edit{claims: map[string]any{"aud": "another-bank"}}},
	}
}

// metadataFaults are in what the request asks for.
func metadataFaults() []Fault {
	return []Fault{
		{Name: "wrong-redirect", What: "a redirect URI that is not in the software statement", Rules: []string{"redirect_uris.statement"},
			request: edit{claims: map[string]any{"redirect_uris": []string{"https://elsewhere.example.com/callback"}}}},
		{Name: "too-many-scopes", What: "an AISP asks for payments too", Rules: []string{"scope.role"},
			roles: []string{"AISP"}, scope: "openid accounts payments"},
		{Name: "missing-claims", What: "five claims are left out", Rules: slices.Repeat([]string{"dictionary.required"}, 5),
			request: edit{omit: []string{"aud", "jti", "token_endpoint_auth_method", "grant_types", "id_token_signed_response_alg"}}},
		{Name: "ten-mistakes", What: "ten mistakes of all kinds in one request", Rules: []string{
			"dictionary.values", "dictionary.values", "dictionary.required", "dictionary.type", "software_id", "audience", "keys.jwks",
			"redirect_uris.https", "redirect_uris.statement", "scope.unknown"},
			scope: "openid unknown",
			request: edit{omit: []string{"id_token_signed_response_alg"}, claims: map[string]any{
				"aud": "another-bank", "software_id": "another", "jwks": map[string]any{}, "application_type": "desktop",
				"request_object_signing_alg": 7, "grant_types": []string{"authorization_code", "password"},
				"redirect_uris": []string{"http://tpp.example/", "https://elsewhere.example.com/callback"},
			}}},
	}
}

// rules names each rule once.
func (f *Fault) rules() string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(f.Rules))), ", ")
}

// elsewhere is what no request can break.
const elsewhere = `
Without a switch, as it is the sandbox that must break:

  directory down  kill the process whose id is processes.directory.pid in DIR/world.json, and try a TPP that the bank
                  does not know yet: register --world DIR --tpp 2 --ssa DIR/tpp-2/ssa.jwt    (keys.unavailable)
  stale JWKS      register a TPP and delete it, kill the directory, and register again in the same way: what the bank
                  has read before is good for a while, and no longer than five minutes    (keys.unavailable)

"dcr-gateway sandbox --data DIR --restart" brings the directory back; the bank asks it again within a minute. The statement
in ssa.jwt is good for half an hour.
`

// listFaults writes a line for each fault of a profile, and how to see the others.
func listFaults(w io.Writer, profile string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range FaultsOf(profile) {
		why := "(" + f.rules() + ")"
		if f.Not != "" {
			why = "(not under " + profile + ": " + f.Not + ")"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", f.Name, f.What, why)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, elsewhere)
	return err
}
