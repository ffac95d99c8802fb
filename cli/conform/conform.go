// Package conform tests any bank's registration endpoint from outside and reports which clauses of the standard hold. It is
// an ordinary client and assumes nothing about the implementation. Use it against a bank; to check a request without one use
// package desk.
//
// A case is data, in cases/*.yaml, one file per subject. It registers what it needs, runs its steps, and deletes what it has
// registered. The keys:
//
//	id        REG-01: what --only names and a report shows
//	title     what the case proves
//	clause    the standard and the section
//	sentence  the words of the standard
//	profiles  the profiles that have this clause, by name or pattern (obie-*); default all
//	needs     what the run must have, or the case is skipped: signed (a profile whose requests are JWS), rsa (a signing
//	          key of that kind), private_key_jwt or tls_client_auth (the bank offers it), discovery, other_certificate,
//	          redirects (a statement with two redirect URIs or more)
//	as        the authentication method of the client; default that of the run
//	given     nothing, client (a registered client) or token (a registered client with an access token)
//	steps     see Step
//
// A value may contain ${name}: see dcrclient.Software.Values. Alone in a string it keeps its type, so that "${now+60}" is a
// number.
package conform

import "path"

// Case tests one requirement of a standard.
type Case struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	Clause   string   `yaml:"clause"`
	Sentence string   `yaml:"sentence"`
	Profiles []string `yaml:"profiles"`
	Needs    []string `yaml:"needs"`
	As       string   `yaml:"as"`
	Given    string   `yaml:"given"`
	Steps    []Step   `yaml:"steps"`
}

// Of reports whether a profile has the clause.
func (c Case) Of(profile string) bool {
	for _, pattern := range c.Profiles {
		if ok, err := path.Match(pattern, profile); ok && err == nil {
			return true
		}
	}
	return len(c.Profiles) == 0
}

// Step is one request, as a correct client sends it except for the changes given here.
type Step struct {
	Do string `yaml:"do"` // register, token, read, update, delete or discover

	// The HTTP request.
	Method      string            `yaml:"method"`  // instead of the usual one
	Client      string            `yaml:"client"`  // in the path, instead of the case's own client
	Headers     map[string]string `yaml:"headers"` // set
	OmitHeaders []string          `yaml:"omit_headers"`
	Query       map[string]string `yaml:"query"`       // added to the URL
	Bearer      string            `yaml:"bearer"`      // none, empty, changed, or a string that replaces the access token
	Certificate string            `yaml:"certificate"` // none, or other: that of another TPP
	Body        string            `yaml:"body"`        // replaces the body
	Replay      bool              `yaml:"replay"`      // repeat the bytes of the last step with the same do

	// The claims of the registration request or, in token, of the client assertion.
	Claims      map[string]any    `yaml:"claims"` // set
	OmitClaims  []string          `yaml:"omit_claims"`
	ClaimsAgain map[string]any    `yaml:"claims_again"` // repeated after all others
	Statement   string            `yaml:"statement"`    // self_signed, unsigned, or spoilt: see spoils
	Form        map[string]string `yaml:"form"`         // of token: set
	OmitForm    []string          `yaml:"omit_form"`
	FormAgain   map[string]string `yaml:"form_again"` // repeated

	// The JWS around them.
	Jose      map[string]any `yaml:"jose"` // header parameters, set
	OmitJose  []string       `yaml:"omit_jose"`
	JoseAgain map[string]any `yaml:"jose_again"`
	Sign      Signing        `yaml:"sign"`
	Spoil     string         `yaml:"spoil"` // how to damage the signed JWS: see spoils

	Expect Expect `yaml:"expect"`
}

// Signing says how a JWS is signed if not as a correct client does.
type Signing struct {
	Key       string `yaml:"key"` // random: a key that is not published
	Algorithm string `yaml:"alg"` // RS256, HS256 (with the public key as the secret), none
}

// Expect is the expected response. Without a status any 2xx is expected.
type Expect struct {
	Status  []int             `yaml:"status"`  // one of these
	Open    []int             `yaml:"open"`    // the standard leaves these open: the case is skipped
	Refused bool              `yaml:"refused"` // no TLS connection, or one of the statuses
	Headers map[string]string `yaml:"headers"` // patterns of required headers
	Body    string            `yaml:"body"`    // json or empty

	Error []string `yaml:"error"` // one of these codes, if the status is 400 or more

	// The members of the JSON object in a 2xx response.
	Members   map[string]Member `yaml:"members"`
	NoMembers []string          `yaml:"no_members"`
	NoNulls   bool              `yaml:"no_nulls"`
	Flattened bool              `yaml:"flattened"` // it has each claim of the software statement
	Bound     bool              `yaml:"bound"`     // its access_token is bound to the certificate, unless it is opaque
	Same      string            `yaml:"same"`      // it equals the response to the last step with this do
}

// Member is the expectation on a member of a response.
type Member struct {
	Type      string   `yaml:"type"` // string, integer, number, boolean, array or object
	Pattern   string   `yaml:"pattern"`
	Equals    any      `yaml:"equals"`
	Not       any      `yaml:"not"`
	Lacks     []string `yaml:"lacks"`     // items that an array, or words that a string must not contain
	Sent      bool     `yaml:"sent"`      // equals the claim that was sent
	Statement bool     `yaml:"statement"` // equals the claim of the software statement
	Optional  bool     `yaml:"optional"`
}
