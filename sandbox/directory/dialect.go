package directory

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"regexp"
	"strings"
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

	kinds  []kind
	claims func(*Directory, *Software) map[string]any // of a software statement
}

// A kind is a type of certificates; the first of a dialect is the usual one.
type kind struct {
	name         string
	certificates func(*Software) (transport, signing x509.Certificate, err error)
	qtsp         bool // a trust service provider issues them, and not the directory
}

// kindNamed finds a type of certificates; "" is the usual one.
func (x Dialect) kindNamed(name string) (kind, error) {
	for _, k := range x.kinds {
		if name == "" || name == k.name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("%w: kind is one of %s", errOrder, x.kindNames())
}

func (x Dialect) kindNames() string {
	var names []string
	for _, k := range x.kinds {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
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
