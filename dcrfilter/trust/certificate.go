package trust

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// Certificate is a TLS client certificate that a CA of a directory in use has issued, and the directories and types under
// which it was verified.
type Certificate struct {
	*cert.Certificate
	Trusts []Trust // at least one
}

// Trust names a directory and the type of its certificates that this one is.
type Trust struct {
	Directory string
	Type      *dcr.CertificateType
	Issuer    *x509.Certificate // the CA that issued it; nil in an Issuer
}

// Issuer are the CAs of one type of certificates of one directory.
type Issuer struct {
	Trust
	Anchors *cert.Anchors
}

// Issuers are all CAs of client certificates, in the order in which directories and their files name them.
type Issuers []Issuer

// NewIssuers returns the issuers. Directories that name the same CAs, as those of several countries name the same trust
// service providers, share them.
func NewIssuers(all []Issuer) (Issuers, error) {
	if len(all) == 0 {
		return nil, errors.New("no directory names a CA of client certificates")
	}
	issuers := slices.Clone(all)
	for i := range issuers {
		same := func(other Issuer) bool { return other.Anchors.Equal(issuers[i].Anchors) }
		issuers[i].Anchors = issuers[slices.IndexFunc(issuers, same)].Anchors
	}
	return issuers, nil
}

// ErrType says that a certificate is not of a type that a directory accepts.
var ErrType = errors.New("the certificate is not of an accepted type")

// Verify says which directories' CAs have issued the certificate, and as which type of theirs: ErrType, or a *cert.Error.
func (i Issuers) Verify(leaf *cert.Certificate, now time.Time) (*Certificate, error) {
	proved, why := &Certificate{Certificate: leaf}, ErrType
	type verdict struct {
		issuer *x509.Certificate
		err    error
	}
	verdicts := map[*cert.Anchors]verdict{}
	for _, one := range i {
		if !one.Type.Is(leaf.Subject) {
			continue
		}
		found, done := verdicts[one.Anchors]
		if !done {
			found.issuer, found.err = one.Anchors.Verify(leaf, now)
			verdicts[one.Anchors] = found
		}
		if found.err != nil {
			why = moreTelling(why, found.err)
			continue
		}
		trust := one.Trust
		trust.Issuer = found.issuer
		proved.Trusts = append(proved.Trusts, trust)
	}
	if len(proved.Trusts) == 0 {
		return nil, why
	}
	proved.Certificate = leaf.Kept()
	return proved, nil
}

// moreTelling is the one of two errors of Anchors.Verify that says more to the certificate's holder: of many directories
// all but one have not issued it.
func moreTelling(first, second error) error {
	if named, ok := errors.AsType[*cert.Error](first); ok && named.Rule != "certificate.issuer" {
		return first
	}
	return second
}
