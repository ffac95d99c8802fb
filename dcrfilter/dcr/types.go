package dcr

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Software is one software product and the organisation behind it: what statement, record, facts and token carry. Nobody
// changes one that was handed on.
type Software = dcrpb.Software

// KeySets are where a software product's and its organisation's keys are.
type KeySets = dcrpb.KeySets

// A Statement is a software statement whose signature and issuer have been verified, read through its directory's
// claim names. The zero value proves nothing.
type Statement struct {
	Raw    string // byte for byte as it came
	Claims strictjson.Object

	ID        string // jti
	IssuedAt  time.Time
	NotBefore time.Time // zero where the statement has no nbf
	Expires   time.Time // zero where the statement has no exp

	Software *Software

	OrgStatus      string
	AuthorityState string   // status of the competent authority's claims, "" where there are none
	AuthorisedFor  []string // roles that the authority authorised for the directory's member state
	Environment    string
	Scopes         []string // that the directory lets the software have; nil where its statements name none
	RedirectURIs   []string
}

// Asked is what a request asks to be registered, with all that it refers to and all signatures verified.
type Asked struct {
	Profile   *Profile
	Directory *Directory
	Request   strictjson.Object
	Statement *Statement
}

// A Registration is what the rules are asked about: what is asked, and what it is held against. Rules read it and nothing
// else.
type Registration struct {
	Asked
	Now         time.Time
	Audiences   []string // what the request's aud may be
	AuthMethods []string // token_endpoint_auth_method values that this installation offers
	Current     *Current // on PUT, the client that is replaced; nil on POST
}

// Current is the client that a PUT replaces, and what the PUT may not change of it.
type Current struct {
	ClientID string
	Software *Software
}
