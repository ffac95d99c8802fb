// Package conform judges a bank's registration endpoint from outside: which clause of the standard holds there and which
// does not. It is a client like any other and knows nothing of how a bank is made.
//
// A case is data, in cases/*.yaml, one file per subject. It registers what it needs, does its steps, and takes back what it
// has registered. The keys:
//
//	id        REG-01: what --only names and a report shows
//	title     what holds where the case holds
//	clause    the standard, and where in it
//	sentence  what the standard says there
//	profiles  the profiles that have this clause, by name or pattern (obie-*); all of them when left out
//	needs     what else must be at hand, or the case is skipped: signed (a profile whose requests are JWS), rsa (a signing
//	          key of that kind), private_key_jwt or tls_client_auth (the bank offers it), discovery, other_certificate,
//	          redirects (a statement with two redirect URIs or more)
//	as        the authentication method of the client; that of the run when left out
//	given     nothing, client (a registered client) or token (and an access token of its own)
//	steps     see Step
//
// A value may hold ${name}: see names in values.go. Alone in a text it keeps its type, so that "${now+60}" is a number.
package conform

import "path"

// Case is one thing that a standard demands.
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

// Of says whether a profile has the clause.
func (c Case) Of(profile string) bool {
	for _, pattern := range c.Profiles {
		if ok, err := path.Match(pattern, profile); ok && err == nil {
			return true
		}
	}
	return len(c.Profiles) == 0
}

// Step is one request, as an honest client would send it but for what is written here.
type Step struct {
	Do string `yaml:"do"` // register, token, read, update, delete or discover

	// The HTTP request.
	Method      string            `yaml:"method"`  // instead of the usual one
	Client      string            `yaml:"client"`  // in the path, instead of the case's own client
	Headers     map[string]string `yaml:"headers"` // set
	OmitHeaders []string          `yaml:"omit_headers"`
	Query       map[string]string `yaml:"query"`       // added to the URL
	Bearer      string            `yaml:"bearer"`      // none, empty, changed, or a text in place of the access token
	Certificate string            `yaml:"certificate"` // none, or other: that of another TPP
	Body        string            `yaml:"body"`        // in place of what would be sent
	Replay      bool              `yaml:"replay"`      // send the bytes of the last step that did the same once more

	// The claims of the registration request or, in token, of the client assertion.
	Claims      map[string]any    `yaml:"claims"` // set
	OmitClaims  []string          `yaml:"omit_claims"`
	ClaimsAgain map[string]any    `yaml:"claims_again"` // written once more, after all others
	Statement   string            `yaml:"statement"`    // self_signed, unsigned, or spoilt: see spoils
	Form        map[string]string `yaml:"form"`         // of token: set
	OmitForm    []string          `yaml:"omit_form"`
	FormAgain   map[string]string `yaml:"form_again"` // sent once more

	// The JWS around them.
	Jose      map[string]any `yaml:"jose"` // header parameters, set
	OmitJose  []string       `yaml:"omit_jose"`
	JoseAgain map[string]any `yaml:"jose_again"`
	Sign      Signing        `yaml:"sign"`
	Spoil     string         `yaml:"spoil"` // what becomes of the signed text: see spoils

	Expect Expect `yaml:"expect"`
}

// Signing says how a JWS is signed where an honest client would do it otherwise.
type Signing struct {
	Key       string `yaml:"key"` // random: one that nobody has published
	Algorithm string `yaml:"alg"` // RS256, HS256 (with the public key as the secret), none
}

// Expect is what must be answered. Without a status it is any of 2xx.
type Expect struct {
	Status  []int             `yaml:"status"`  // one of these
	Open    []int             `yaml:"open"`    // left open by the standard: there is nothing to judge, and the case is skipped
	Refused bool              `yaml:"refused"` // no TLS connection, or one of the statuses
	Headers map[string]string `yaml:"headers"` // patterns of what must be there
	Body    string            `yaml:"body"`    // json or empty

	Error []string `yaml:"error"` // one of these codes, where the status is 400 or more

	// What the JSON object of an answer below 300 has.
	Members   map[string]Member `yaml:"members"`
	NoMembers []string          `yaml:"no_members"`
	NoNulls   bool              `yaml:"no_nulls"`
	Flattened bool              `yaml:"flattened"` // each claim of the software statement stands in it
	Bound     bool              `yaml:"bound"`     // its access_token is bound to the certificate, as far as it can be read
	Same      string            `yaml:"same"`      // it equals the answer to the last step that did this
}

// Member is what a member of an answer must be.
type Member struct {
	Type      string   `yaml:"type"` // string, integer, number, boolean, array or object
	Pattern   string   `yaml:"pattern"`
	Equals    any      `yaml:"equals"`
	Not       any      `yaml:"not"`
	Lacks     []string `yaml:"lacks"`     // of an array or of words: what is not in it
	Sent      bool     `yaml:"sent"`      // equals the claim that was sent
	Statement bool     `yaml:"statement"` // equals the claim of the software statement
	Optional  bool     `yaml:"optional"`
}
