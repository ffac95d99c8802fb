package directory

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"regexp"
)

// A Dialect is what differs between trust frameworks: their statements, certificates and ids.
type Dialect struct {
	Name   string // of one word
	Issuer string // iss of its software statements
	Folder string // of its files, below that of all directories

	prefix        string // of the paths of its URLs
	statementKeys string // path of the keys that sign statements, after the prefix
	authority     pkix.Name
	label         string // CN of its CAs, before what they are
	keys          func() (root, issuing, statement crypto.Signer, err error)

	newOrganisation, newSoftware func() string // ids
	organisation                 *regexp.Regexp
	organisationForm             string   // the same in words
	roles                        []string // of a software product whose order names none
	published                    []string // uses of the keys in the key set of a software product

	certificates func(*Software) (transport, signing x509.Certificate)
	claims       func(*Directory, *Software) map[string]any // of a software statement
}

// Dialects are the dialects of all directories of the sandbox, which are served side by side.
func Dialects() []Dialect { return []Dialect{OBIE(), CDR()} }

// NewOrganisationID returns an id in the form of those that the framework gives to organisations.
func (x Dialect) NewOrganisationID() string { return x.newOrganisation() }

// Path is where a directory of the dialect is, in the URL of all directories.
func (x Dialect) Path() string { return x.prefix }

// name is the subject of a CA.
func (x Dialect) name(what string) pkix.Name {
	subject := x.authority
	subject.CommonName = x.label + " " + what
	return subject
}
