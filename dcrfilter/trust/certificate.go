package trust

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// Certificate is a TLS client certificate that a CA of a configured directory has issued, with the directories and
// types for which it was verified.
type Certificate struct {
	*cert.Certificate
	Trusts []Trust // at least one
}

// Trust is a directory for which a certificate was verified, and the certificate's type there.
type Trust struct {
	Directory string
	Type      *dcr.CertificateType
	Issuer    *x509.Certificate // the CA that issued it; nil in an Issuer
}

// Issuer holds the CAs of one certificate type of one directory.
type Issuer struct {
	Trust
	Anchors *cert.Anchors
}

// Issuers holds all CAs of client certificates, in the order of the directories and their files.
type Issuers []Issuer

// NewIssuers returns the issuers. Directories with the same CAs share them, such as those of countries that trust the
// same trust service providers.
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

// A TypeError means that a CA of a directory has issued the certificate, and that its subject fits none of the types that
// the CA is listed for.
type TypeError struct{ Types []*dcr.CertificateType }

// Error says so and names the types.
func (e *TypeError) Error() string {
	return "the subject is not that of " + strings.Join(e.Wanted(), ", ")
}

// Wanted returns the types, each with what its subjects have.
func (e *TypeError) Wanted() []string {
	var types []string
	for _, one := range e.Types {
		types = append(types, one.String())
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Verify returns the certificate with all directories whose CAs have issued it, and its type in each. Its error is a
// *TypeError or a *cert.Error.
func (i Issuers) Verify(leaf *cert.Certificate, now time.Time) (*Certificate, error) {
	proved, fits := &Certificate{Certificate: leaf}, &TypeError{}
	var why error
	type verdict struct {
		issuer *x509.Certificate
		err    error
	}
	verdicts := map[*cert.Anchors]verdict{}
	for _, one := range i {
		found, done := verdicts[one.Anchors]
		if !done {
			found.issuer, found.err = one.Anchors.Verify(leaf, now)
			verdicts[one.Anchors] = found
		}
		switch is := one.Type.Is(leaf.Subject); {
		case found.err != nil:
			why = moreTelling(why, found.err)
		case is:
			trust := one.Trust
			trust.Issuer = found.issuer
			proved.Trusts = append(proved.Trusts, trust)
		default:
			fits.Types = append(fits.Types, one.Type)
		}
	}
	switch {
	case len(proved.Trusts) > 0:
		proved.Certificate = leaf.Kept()
		return proved, nil
	case len(fits.Types) > 0:
		return nil, fits
	}
	return nil, why
}

// moreTelling returns the error of Anchors.Verify that helps the certificate's holder more: most directories have
// simply not issued the certificate.
func moreTelling(first, second error) error {
	if named, ok := errors.AsType[*cert.Error](first); ok && named.Rule != "certificate.issuer" {
		return first
	}
	return second
}
