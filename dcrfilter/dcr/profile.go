package dcr

import (
	"regexp"
	"slices"
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

// RequestTimes bound a request's iat and exp (rules C.9).
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

// A Directory is a trust framework's directory, as data: who signs software statements, with which keys, under which
// claim names, and which certificates its participants hold. Directories are YAML files; see dcrfilter/directory.
type Directory struct {
	Name             string            `yaml:"name"`
	Issuer           string            `yaml:"issuer"`            // exact iss of its software statements
	JWKS             string            `yaml:"jwks"`              // https URL of the keys that sign them
	TLSCA            []string          `yaml:"tls_ca"`            // PEM files of the CAs of its own HTTPS servers; the system's when empty
	KeyHosts         []string          `yaml:"key_hosts"`         // of all key sets: exact hosts, or "*" alone for any public one
	PrivateAddresses []string          `yaml:"private_addresses"` // IPs or CIDRs that may be dialled although they are not public
	Algorithms       []string          `yaml:"algorithms"`
	MaxAge           time.Duration     `yaml:"statement_max_age"`
	Environment      string            `yaml:"environment"`  // required software_environment; any when empty
	MemberState      string            `yaml:"member_state"` // where the authority must have authorised the roles; any when empty
	Claims           StatementClaims   `yaml:"claims"`
	Required         []string          `yaml:"required"`     // statement claims that must be there, by their own names
	ActiveStatus     []string          `yaml:"active"`       // org and authority status values that may register, compared without case
	Scopes           map[string]string `yaml:"scopes"`       // scope to the role it needs; "" needs none
	Certificates     []CertificateKind `yaml:"certificates"` // in the order they are tried
	Listed           Listed            `yaml:"certificates_listed"`
	SingleUse        bool              `yaml:"statement_single_use"`
}

// Listed says whether a client's certificate must be that of a tls key in its software's or its organisation's key set,
// beside having the names that its kind wants. What is none of these values is as ListedRequired.
type Listed string

// The values of certificates_listed.
const (
	ListedRequired  Listed = "required"
	ListedWhenKnown Listed = "when_known" // where one of the sets has a tls key; the default
	ListedOff       Listed = "off"
)

// StatementClaims are a directory's names for what this product reads out of a software statement. An empty name means
// the directory's statements have no such claim.
type StatementClaims struct {
	SoftwareID     string `yaml:"software_id"`
	SoftwareName   string `yaml:"software_name"`
	OrgID          string `yaml:"org_id"`
	OrgStatus      string `yaml:"org_status"`
	Authority      string `yaml:"authority"` // object with registration_id, status and authorisations
	Environment    string `yaml:"environment"`
	Roles          string `yaml:"roles"` // array of strings, or one string
	Scope          string `yaml:"scope"` // scope tokens in one string (RFC 6749, section 3.3)
	RedirectURIs   string `yaml:"redirect_uris"`
	JWKS           string `yaml:"jwks"`
	RevokedJWKS    string `yaml:"revoked_jwks"`
	OrgJWKS        string `yaml:"org_jwks"`
	OrgRevokedJWKS string `yaml:"org_revoked_jwks"`
}

// Names are the claims that the directory gives a meaning, by its own names.
func (c *StatementClaims) Names() []string {
	all := []string{
		c.SoftwareID, c.OrgID, c.OrgStatus, c.Authority, c.Environment, c.Roles, c.Scope, c.RedirectURIs,
		c.JWKS, c.RevokedJWKS, c.OrgJWKS, c.OrgRevokedJWKS, c.SoftwareName,
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

// CertificateKind names one kind of client certificate and the CAs that issue it.
type CertificateKind struct {
	Profile string   `yaml:"profile"` // ob_legacy, obwac, qwac or cdr
	CA      []string `yaml:"ca"`      // PEM files, relative to the directory's file
}
