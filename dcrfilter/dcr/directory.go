package dcr

import (
	"slices"
	"strings"
	"time"
)

// A Directory describes a trust framework's directory as data: who signs software statements, with which keys and claim
// names, and which certificates participants hold. Directories are YAML files. The struct tags define their grammar;
// see dcrfilter/directory.
type Directory struct {
	Name             string                      `yaml:"name" is:"name,required" doc:"name of this directory, in client records and logs; client records refer to it"`
	Issuer           string                      `yaml:"issuer" is:"text,required" doc:"iss of its software statements, compared exactly"`
	JWKS             string                      `yaml:"jwks" is:"https,required" doc:"https URL of the keys that sign the statements"`
	TLSCA            []string                    `yaml:"tls_ca" is:"file" doc:"PEM files of the CAs of the directory's own HTTPS servers; the system's CAs when left out"`
	KeyHosts         []string                    `yaml:"key_hosts" is:"host,required" doc:"hosts that key sets may be fetched from: HOST or HOST:PORT; \"*\" alone allows any public host"`
	PrivateAddresses []string                    `yaml:"private_addresses" is:"network" doc:"non-public IP addresses and networks that the gateway may connect to"`
	Algorithms       []string                    `yaml:"algorithms" is:"algorithm,required" doc:"signature algorithms of statements"`
	MaxAge           time.Duration               `yaml:"statement_max_age" is:"age,required" doc:"maximum age of a statement"`
	Environment      string                      `yaml:"environment" is:"value" doc:"environment that a statement must name, possibly among others; any when left out"`
	MemberState      string                      `yaml:"member_state" is:"country" doc:"country for which the competent authority must have authorised the roles, or several, separated by commas; not checked when left out"`
	Claims           StatementClaims             `yaml:"claims" is:"required" doc:"the directory's names of claims"`
	Required         []string                    `yaml:"required" is:"claim" doc:"claims that a statement must have, by the directory's names"`
	ActiveStatus     []string                    `yaml:"active" is:"value" doc:"values of org_status and of the authority's status that may register, case-insensitive"`
	Scopes           map[string]string           `yaml:"scopes" keys:"scope" is:"role,required" doc:"scopes, each with the role that a software product needs to register it, or several of which it needs one, separated by commas; \"\" needs none"`
	Certificates     []CertificateSource         `yaml:"certificates" doc:"accepted types of client certificates, in the order in which they are tried"`
	CertificateTypes map[string]*CertificateType `yaml:"certificate_types" keys:"type" is:"merged" doc:"types of client certificates: attributes of their subjects, and their binding to a software product"`
	Authorities      map[string]string           `yaml:"authorities" keys:"value" is:"authority" doc:"maps the authority_id of a statement to the country and authority in certificates: GB-FCA"`
	Listed           Listed                      `yaml:"certificates_listed" is:"listed" doc:"whether a client certificate must also belong to a tls key in the key set of its software product or organisation"`
	QCRoles          bool                        `yaml:"enforce_qc_roles" is:"bool" doc:"the PSD2 QCStatement of a client certificate must name every role of the software product"`
	Outage           time.Duration               `yaml:"outage" is:"age" doc:"how old key sets and sets of revoked keys may be for the calls of clients while the directory cannot be reached; an hour and 5m when left out"`
	SingleUse        bool                        `yaml:"statement_single_use" is:"bool" doc:"a statement, identified by its jti, registers only once"`
}

// Roles returns the roles of which a software product needs one for the scope: none, if it needs no role. known is false
// for a scope that the directory does not define.
func (d *Directory) Roles(scope string) (roles []string, known bool) {
	text, known := d.Scopes[scope]
	return separated(text), known
}

// MemberStates returns the countries for one of which the roles must be authorised; none if that is not checked.
func (d *Directory) MemberStates() []string { return separated(d.MemberState) }

// separated returns the values of a text that separates them by commas.
func separated(text string) []string {
	var values []string
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

// Grants reports whether the directory defines the scope and one of the roles grants it.
func (d *Directory) Grants(scope string, roles []string) bool {
	needed, known := d.Roles(scope)
	return known && (len(needed) == 0 || slices.ContainsFunc(needed, func(role string) bool { return slices.Contains(roles, role) }))
}

// Listed says whether a client certificate must belong to a tls key in the key set of its software product or
// organisation, in addition to the names that its type requires. Any other value is treated as ListedRequired.
type Listed string

// The values of certificates_listed.
const (
	ListedRequired  Listed = "required"
	ListedWhenKnown Listed = "when_known" // if one of the key sets has a tls key; the default
	ListedOff       Listed = "off"
)

// StatementClaims maps what this product reads from a software statement to the directory's claim names. An empty name
// means that the directory's statements have no such claim.
type StatementClaims struct {
	SoftwareID     string `yaml:"software_id" is:"claim,required" doc:"id of the software product"`
	SoftwareName   string `yaml:"software_name" is:"claim" doc:"name of the software product, which a client may use as its name"`
	OrgID          string `yaml:"org_id" is:"claim,required" doc:"id of the organisation"`
	OrgStatus      string `yaml:"org_status" is:"claim" doc:"status of the organisation"`
	Authority      string `yaml:"authority" is:"claim" doc:"object about the competent authority: authority_id, registration_id, status, authorisations"`
	Environment    string `yaml:"environment" is:"claim" doc:"environment of the software product"`
	Roles          string `yaml:"roles" is:"claim,required" doc:"roles of the software product: an array of strings, or one string"`
	Scope          string `yaml:"scope" is:"claim" doc:"scope tokens that the software product may have, in one string (RFC 6749, section 3.3)"`
	RedirectURIs   string `yaml:"redirect_uris" is:"claim,required" doc:"redirect URIs of the software product"`
	JWKS           string `yaml:"jwks" is:"claim,required" doc:"URL of the software product's key set"`
	RevokedJWKS    string `yaml:"revoked_jwks" is:"claim" doc:"URL of its revoked keys and certificates"`
	OrgJWKS        string `yaml:"org_jwks" is:"claim" doc:"URL of the organisation's key set"`
	OrgRevokedJWKS string `yaml:"org_revoked_jwks" is:"claim" doc:"URL of its revoked keys and certificates"`
}

// Names returns the directory's names for the claims that it maps.
func (c *StatementClaims) Names() []string {
	return slices.DeleteFunc(c.all(), func(name string) bool { return name == "" })
}

// As returns the other directory's name for the claim that this directory calls name. It is "" if the other directory
// has no such claim, and name itself if this directory does not map it.
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

// CertificateSource is an accepted type of client certificates, with the CAs that issue them.
type CertificateSource struct {
	Type    string   `yaml:"type" is:"type" doc:"one of certificate_types, or a type of a shipped directory"`
	Profile string   `yaml:"profile" is:"type" doc:"former name of the key type"`
	CA      []string `yaml:"ca" is:"file,required" doc:"PEM files of the CAs that issue these certificates, relative to this file; each CA is a trust anchor"`
}
