package dcr

import (
	"slices"
	"time"
)

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
	QCRoles          bool              `yaml:"enforce_qc_roles"` // the PSD2 statement of a certificate must name the software's roles
	SingleUse        bool              `yaml:"statement_single_use"`
}

// Listed says whether a client's certificate must be that of a tls key in its software's or its organisation's key set,
// beside having the names that its kind wants. Any other value is treated as ListedRequired.
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
	return slices.DeleteFunc(c.all(), func(name string) bool { return name == "" })
}

// As is the name that another directory has for what this one calls so: "" where that one has no such claim, and the same
// name where this one gives it no meaning.
func (c *StatementClaims) As(other *StatementClaims, name string) string {
	if i := slices.Index(c.all(), name); i >= 0 && name != "" {
		return other.all()[i]
	}
	return name
}

func (c *StatementClaims) all() []string {
	return []string{
		c.SoftwareID, c.OrgID, c.OrgStatus, c.Authority, c.Environment, c.Roles, c.Scope, c.RedirectURIs,
		c.JWKS, c.RevokedJWKS, c.OrgJWKS, c.OrgRevokedJWKS, c.SoftwareName,
	}
}

// CertificateKind names one kind of client certificate and the CAs that issue it.
type CertificateKind struct {
	Profile string   `yaml:"profile"` // ob_legacy, obwac, qwac or cdr
	CA      []string `yaml:"ca"`      // PEM files, relative to the directory's file
}
