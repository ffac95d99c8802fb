package dcr

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Software is a software product and its organisation, as statements, records, facts and tokens carry it. Do not change
// a value that others may read.
type Software = dcrpb.Software

// KeySets holds the URLs of the key sets of a software product and its organisation.
type KeySets = dcrpb.KeySets

// A Statement is a software statement whose signature and issuer have been verified. It was read through its
// directory's claim names. The zero value proves nothing.
type Statement struct {
	Raw    string // byte for byte as received
	Claims strictjson.Object

	ID        string // jti
	IssuedAt  time.Time
	NotBefore time.Time // zero if the statement has no nbf
	Expires   time.Time // zero if the statement has no exp

	Software *Software

	OrgStatus      string
	AuthorityState string   // status in the competent authority's claims, "" if there are none
	AuthorisedFor  []string // roles that the authority authorised for one of the directory's member states
	Environments   []string // that it is for
	Scopes         []string // that the directory allows the software product; nil if its statements name no scopes
	RedirectURIs   []string
}

// Asked is what a request asks to register. All its signatures have been verified, and all that it refers to has been
// read.
type Asked struct {
	Profile   *Profile
	Directory *Directory
	Request   strictjson.Object
	Statement *Statement
}

// A Registration is the input of the rules: what the request asks for, and what it is compared with. Rules read nothing
// else.
type Registration struct {
	Asked
	Now         time.Time
	Audiences   []string // accepted values of the request's aud
	AuthMethods []string // token_endpoint_auth_method values that this installation offers
	Current     *Current // on PUT, the client that is replaced; nil on POST

	Subject    dn.Name  // of the connection's certificate
	Listed     bool     // the directory lists a certificate with the tls_client_auth_subject_dn of the request for the software
	Algorithms []string // for which the key set of the software has a key
}

// Current is the client that a PUT replaces, with what the PUT must not change.
type Current struct {
	ClientID string
	Software *Software
	Profile  *Profile // that its record names
}
