package dcr

import (
	"regexp"
	"time"
)

// A Profile is one version of a registration standard, as data: which media types, which members, which values, which
// rules. Profiles are YAML files; see dcrfilter/profile.
type Profile struct {
	Name          string             `yaml:"name"`           // "obie-3.3"
	Standard      string             `yaml:"standard"`       // how refusals cite it: "OBIE DCR 3.3"
	Dictionary    string             `yaml:"dictionary"`     // how they cite its section with the members: "Data Dictionary"
	Body          string             `yaml:"body"`           // jws or json
	TrailingSlash bool               `yaml:"trailing_slash"` // the path that clients are registered at ends with a slash
	ContentTypes  []string           `yaml:"content_types"`
	Request       RequestTimes       `yaml:"request"`
	Clients       ClientPolicy       `yaml:"clients"`
	UnknownScopes string             `yaml:"unknown_scopes"` // refuse or drop
	Members       map[string]*Member `yaml:"members"`        // the data dictionary, by member name
	Rules         []string           `yaml:"rules"`          // ids of the rules, in the order they are asked
}

// What a profile's Body may be: a compact JWS, which the software has signed, or the claims alone as a JSON object.
const (
	BodyJWS  = "jws"
	BodyJSON = "json"
)

// What a profile's UnknownScopes may be: a request for a scope that this server does not know, or that the software may
// not have, is refused, or the scope is left out of what is registered.
const (
	RefuseScopes = "refuse"
	DropScopes   = "drop"
)

// ClientPolicy says what holds for the clients that are registered by a profile.
type ClientPolicy struct {
	Duplicates      string `yaml:"duplicates"`       // reject, return-existing or allow: what is done about a software that has a client already
	ManagementScope string `yaml:"management_scope"` // that a token needs to read, update or delete its client; none when empty
	DefaultScope    string `yaml:"default_scope"`    // registered or none: what a token gets that is asked for without a scope
	Introspection   bool   `yaml:"introspection"`    // the tokens may be introspected
}

// What a ClientPolicy's Duplicates may be.
const (
	RejectDuplicates = "reject"
	ReturnExisting   = "return-existing"
	AllowDuplicates  = "allow"
)

// What a ClientPolicy's DefaultScope may be.
const (
	DefaultRegistered = "registered"
	DefaultNone       = "none"
)

// RequestTimes bound a request's iat and exp.
type RequestTimes struct {
	MaxAge      time.Duration `yaml:"max_age"`      // now - iat
	MaxLifetime time.Duration `yaml:"max_lifetime"` // exp - iat
}

// What a member's In may be.
const (
	InRequest  = "request"
	InResponse = "response"
	InBoth     = "both"
)

// What a member's Type may be.
const (
	TypeString   = "string"
	TypeStrings  = "strings"  // an array of strings
	TypeAudience = "audience" // a string, or an array of exactly one (RFC 7519, section 4.1.3)
	TypeInteger  = "integer"
	TypeBoolean  = "boolean"
)

// A Member is one line of a data dictionary.
type Member struct {
	Type      string   `yaml:"type"`     // string, strings, audience, integer or boolean
	In        string   `yaml:"in"`       // request, response or both: the dictionary's Location column
	Required  bool     `yaml:"required"` // 1..1 or 1..*
	MinItems  int      `yaml:"min_items"`
	MaxLength int      `yaml:"max_length"` // in characters, of the string or of each item; none is ever empty
	Pattern   string   `yaml:"pattern"`    // of the string, or of each item, anchored
	Values    []string `yaml:"values"`     // the only values accepted
	Default   []string `yaml:"default"`    // what an absent member means; of a response, what is always answered
	As        string   `yaml:"as"`         // the name that rules and records have for it, where that is another

	pattern *regexp.Regexp
}

// Named is the profile's own name for a member that rules and records call so.
func (p *Profile) Named(known string) string {
	for name, member := range p.Members {
		if member.As == known {
			return name
		}
	}
	return known
}

// As is the name that rules and records have for a member of the profile.
func (p *Profile) As(name string) string {
	if member := p.Members[name]; member != nil && member.As != "" {
		return member.As
	}
	return name
}

// Compile makes the member's pattern ready for Matches.
func (m *Member) Compile() (err error) {
	m.pattern, err = regexp.Compile(m.Pattern)
	return err
}

// Matches says whether a value has the member's pattern. Without a pattern every value does; with one that was never
// compiled none does.
func (m *Member) Matches(value string) bool {
	return m.Pattern == "" || m.pattern != nil && m.pattern.MatchString(value)
}
