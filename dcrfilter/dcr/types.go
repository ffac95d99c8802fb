package dcr

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// A Statement is a software statement whose signature and issuer have been verified, read through its directory's
// claim names. The zero value proves nothing.
type Statement struct {
	Directory string // name of the directory that signed it
	Raw       string // byte for byte as it came
	Claims    strictjson.Object

	ID        string // jti
	IssuedAt  time.Time
	NotBefore time.Time // zero where the statement has no nbf
	Expires   time.Time // zero where the statement has no exp

	SoftwareID     string
	OrgID          string
	OrgStatus      string
	RegistrationID string   // of the competent authority: the authorisation number; "" where there is none
	AuthorityState string   // status of the competent authority's claims, "" where there are none
	AuthorisedFor  []string // roles that the authority authorised for the directory's member state
	Environment    string
	Roles          []string
	Scopes         []string // that the directory lets the software have; nil where its statements name none
	RedirectURIs   []string

	JWKS, RevokedJWKS       string // the software's key sets
	OrgJWKS, OrgRevokedJWKS string // the organisation's, "" where the statement names none
}

// A Registration is what the rules are asked about: a signed request with everything it refers to, all signatures
// already verified. Rules read it and nothing else.
type Registration struct {
	Now         time.Time
	Profile     *Profile
	Directory   *Directory
	Audiences   []string // what the request's aud may be
	AuthMethods []string // token_endpoint_auth_method values that this installation offers
	Request     strictjson.Object
	Statement   *Statement
	Certificate *Presented
	Current     *Current // on PUT, the client that is replaced; nil on POST
}

// Presented is the TLS client certificate of a request, verified against the CAs of a directory.
type Presented struct {
	*cert.Certificate
	Profile string // ob_legacy, obwac, qwac or cdr: which of the directory's certificate profiles it verified under
	Listed  bool   // its thumbprint is that of a tls key in the software's or organisation's key set (D.4, qwac)
}

// Current is what a PUT may not change.
type Current struct {
	ClientID   string
	Directory  string
	SoftwareID string
	OrgID      string
}
