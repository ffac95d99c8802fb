package dcr

import (
	"regexp"
	"time"
)

// A Profile is one version of a registration standard, as data: which media types, which members, which values, which
// optional rules. Profiles are YAML files, whose grammar the tags are; see dcrfilter/profile.
type Profile struct {
	Name          string             `yaml:"name" is:"name,required" doc:"name of this profile, in routes, client records and logs; clients know their profile by it"`
	Standard      string             `yaml:"standard" is:"sentence,required" doc:"how refusals cite the standard: OBIE DCR 3.3"`
	Dictionary    string             `yaml:"dictionary" is:"sentence,required" doc:"how they cite its section with the members: Data Dictionary"`
	Body          string             `yaml:"body" is:"body,required" doc:"jws: a compact JWS, signed with the software's key; json: the claims as plain JSON, unsigned"`
	TrailingSlash bool               `yaml:"trailing_slash" is:"bool" doc:"the path at which clients are registered ends with a slash"`
	ContentTypes  []string           `yaml:"content_types" is:"media_type,required" doc:"media types that a request may have"`
	Request       RequestTimes       `yaml:"request" is:"required" doc:"how old a request may be"`
	Clients       ClientPolicy       `yaml:"clients" is:"required" doc:"what becomes of the clients"`
	UnknownScopes string             `yaml:"unknown_scopes" is:"unknown_scopes,required" doc:"what is done about a scope that the directory does not have, or the software may not have"`
	Members       map[string]*Member `yaml:"members" keys:"member" is:"required,merged" doc:"the data dictionary: what a request and an answer hold, by name"`
	Rules         []string           `yaml:"rules" is:"rule" doc:"optional rules that run; those that are not optional always do"`
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
	Duplicates      string `yaml:"duplicates" is:"duplicates,required" doc:"what is done about a software product that has a client already"`
	ManagementScope string `yaml:"management_scope" is:"scope" doc:"scope that a token needs to read, update or delete its client; none when left out"`
	DefaultScope    string `yaml:"default_scope" is:"default_scope,required" doc:"what a token gets that is requested without a scope"`
	Introspection   bool   `yaml:"introspection" is:"bool" doc:"the tokens of these clients may be introspected"`
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
	MaxAge      time.Duration `yaml:"max_age" is:"age,required" doc:"how long ago iat may be"`
	MaxLifetime time.Duration `yaml:"max_lifetime" is:"age,required" doc:"how long after iat exp may be"`
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
	Type      string   `yaml:"type" is:"type,required" doc:"string; strings, an array of them; audience, a string or an array of one; integer; boolean"`
	In        string   `yaml:"in" is:"in,required" doc:"request: not registered; response: given by the gateway; both: registered and answered"`
	Required  bool     `yaml:"required" is:"bool" doc:"a request must have it"`
	MinItems  int      `yaml:"min_items" is:"count" doc:"fewest items of strings"`
	MaxLength int      `yaml:"max_length" is:"count" doc:"most characters of a text, or of each item; no text is ever empty"`
	Pattern   string   `yaml:"pattern" is:"pattern" doc:"regular expression for a text, or for each item, from ^ to $"`
	Values    []string `yaml:"values" is:"sentence" doc:"all values that it, or each item, may have"`
	Default   []string `yaml:"default" is:"text" doc:"what is registered where a request does not have it; of a response, what is always answered"`
	As        string   `yaml:"as" is:"as" doc:"name that rules and records have for it, where that is another"`

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
