package dcr

import (
	"cmp"
	"regexp"
	"slices"
	"time"
)

// A Profile describes one version of a registration standard as data: its media types, members, values and optional
// rules. Profiles are YAML files. The struct tags define their grammar; see dcrfilter/profile.
type Profile struct {
	Name          string             `yaml:"name" is:"name,required" doc:"unique name of this profile, in routes, client records and logs; client records refer to it"`
	Standard      string             `yaml:"standard" is:"sentence,required" doc:"name of the standard in refusals: OBIE DCR 3.3"`
	Dictionary    string             `yaml:"dictionary" is:"sentence,required" doc:"name of the section that defines the members: Data Dictionary"`
	Body          string             `yaml:"body" is:"body,required" doc:"jws: a compact JWS, signed with a key of the software product; json: the claims as plain, unsigned JSON"`
	TrailingSlash bool               `yaml:"trailing_slash" is:"bool" doc:"the registration path ends with a slash"`
	ContentTypes  []string           `yaml:"content_types" is:"media_type,required" doc:"accepted media types of a request"`
	Request       RequestTimes       `yaml:"request" is:"required" doc:"maximum age and lifetime of a request"`
	Clients       ClientPolicy       `yaml:"clients" is:"required" doc:"how clients are treated"`
	UnknownScopes string             `yaml:"unknown_scopes" is:"unknown_scopes,required" doc:"what happens to a scope that the directory does not define, or that the software product may not have"`
	Members       map[string]*Member `yaml:"members" keys:"member" is:"required,merged" doc:"the data dictionary: members of the request and the response, by name"`
	Rules         []string           `yaml:"rules" is:"rule" doc:"optional rules to run; the other rules always run"`
}

// Values of a profile's Body: a compact JWS signed by the software product, or the claims as a plain JSON object.
const (
	BodyJWS  = "jws"
	BodyJSON = "json"
)

// Values of a profile's UnknownScopes. They apply to a scope that this server does not know or that the software
// product may not have: refuse the request, or leave the scope out of the registration.
const (
	RefuseScopes = "refuse"
	DropScopes   = "drop"
)

// ClientPolicy applies to all clients that register with a profile.
type ClientPolicy struct {
	Duplicates      string `yaml:"duplicates" is:"duplicates,required" doc:"what happens if the software product already has a client"`
	ManagementScope string `yaml:"management_scope" is:"scope" doc:"scope that a token needs to read, update or delete its client; none when left out"`
	DefaultScope    string `yaml:"default_scope" is:"default_scope,required" doc:"scope of a token that is requested without one"`
	Introspection   bool   `yaml:"introspection" is:"bool" doc:"the tokens of these clients may be introspected"`

	// AssertionLifetime is what the file says; ask LongestAssertion.
	AssertionLifetime time.Duration `yaml:"assertion_lifetime" is:"age" doc:"how far ahead a client assertion may expire; 10m when left out"`
}

// LongestAssertion returns how far ahead a client assertion may expire. Each is kept in Redis so long, lest it is used
// twice; RFC 7523 asks for a limit and names none.
func (c *ClientPolicy) LongestAssertion() time.Duration {
	return cmp.Or(c.AssertionLifetime, 10*time.Minute)
}

// Values of a ClientPolicy's Duplicates.
const (
	RejectDuplicates = "reject"
	ReturnExisting   = "return-existing"
	AllowDuplicates  = "allow"
)

// Values of a ClientPolicy's DefaultScope.
const (
	DefaultRegistered = "registered"
	DefaultNone       = "none"
)

// RequestTimes bound a request's iat and exp.
type RequestTimes struct {
	MaxAge      time.Duration `yaml:"max_age" is:"age,required" doc:"maximum age of iat"`
	MaxLifetime time.Duration `yaml:"max_lifetime" is:"age,required" doc:"maximum time from iat to exp"`
}

// Values of a member's In.
const (
	InRequest  = "request"
	InResponse = "response"
	InBoth     = "both"
)

// Values of a member's Type.
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
	In        string   `yaml:"in" is:"in,required" doc:"request: not registered; response: given by the gateway; both: registered and returned"`
	Required  bool     `yaml:"required" is:"bool" doc:"a request must have this member"`
	MinItems  int      `yaml:"min_items" is:"count" doc:"minimum number of items of strings"`
	MaxLength int      `yaml:"max_length" is:"count" doc:"maximum length of the text, or of each item; no text may be empty"`
	Pattern   string   `yaml:"pattern" is:"pattern" doc:"regular expression for the text, or for each item, from ^ to $"`
	Values    []string `yaml:"values" is:"sentence" doc:"allowed values of the text, or of each item"`
	Default   []string `yaml:"default" is:"text" doc:"value to register if a request does not have the member; of a response, the value of every response"`
	As        string   `yaml:"as" is:"as" doc:"the gateway's name for the member, if the standard's name differs"`

	pattern *regexp.Regexp
}

// Protects reports whether p protects its clients at least as well as other: by the scope that manages them, by signed
// requests, by the methods of authentication, and by refusing introspection.
func (p *Profile) Protects(other *Profile) bool {
	scope, methods := other.Clients.ManagementScope, p.authMethods()
	return (scope == "" || scope == p.Clients.ManagementScope) &&
		(p.Body == BodyJWS || other.Body != BodyJWS) &&
		(other.Clients.Introspection || !p.Clients.Introspection) &&
		(other.authMethods() == nil || methods != nil && !slices.ContainsFunc(methods, func(m string) bool { return !other.AllowsMethod(m) }))
}

// AllowsMethod reports whether clients of the profile may authenticate by the method.
func (p *Profile) AllowsMethod(method string) bool {
	methods := p.authMethods()
	return methods == nil || slices.Contains(methods, method)
}

// authMethods returns the values of token_endpoint_auth_method; nil if the profile restricts none.
func (p *Profile) authMethods() []string {
	if member := p.Members["token_endpoint_auth_method"]; member != nil && len(member.Values) > 0 {
		return member.Values
	}
	return nil
}

// Named returns the profile's name for a member that rules and records call known.
func (p *Profile) Named(known string) string {
	for name, member := range p.Members {
		if member.As == known {
			return name
		}
	}
	return known
}

// As returns the name that rules and records use for a member of the profile.
func (p *Profile) As(name string) string {
	if member := p.Members[name]; member != nil && member.As != "" {
		return member.As
	}
	return name
}

// Compile compiles the member's pattern for Matches.
func (m *Member) Compile() (err error) {
	m.pattern, err = regexp.Compile(m.Pattern)
	return err
}

// Matches reports whether the value matches the member's pattern. Every value matches if there is no pattern; no value
// matches if the pattern was not compiled.
func (m *Member) Matches(value string) bool {
	return m.Pattern == "" || m.pattern != nil && m.pattern.MatchString(value)
}
