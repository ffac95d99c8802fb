package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"
)

// Anchors are CAs that issue client certificates. The zero value trusts no CA.
type Anchors struct {
	pool     *x509.CertPool
	subjects map[string]bool // of the CAs, as DER
	all      []*x509.Certificate
}

// NewAnchors reads CAs from PEM texts. Every certificate in them, root or intermediate, is a trust anchor, as in Envoy.
func NewAnchors(pems ...[]byte) (*Anchors, error) {
	anchors := &Anchors{pool: x509.NewCertPool(), subjects: map[string]bool{}}
	for _, text := range pems {
		if err := anchors.add(text); err != nil {
			return nil, err
		}
	}
	if len(pems) == 0 {
		return nil, errors.New("there is no CA certificate")
	}
	return anchors, nil
}

// add reads one PEM text. Text between the blocks is allowed, because openssl writes it. A block that pem.Decode would
// silently skip is refused, because its CA would be missing without notice.
func (a *Anchors) add(text []byte) error {
	begun, read := bytes.Count(text, []byte("-----BEGIN ")), 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return errors.New("a PEM block of the CA file is not a CERTIFICATE")
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return errors.New("a certificate of the CA file is not well-formed")
		}
		// A trust anchor that is not a CA would be accepted as a client certificate.
		if !ca.BasicConstraintsValid || !ca.IsCA {
			return errors.New("a certificate of the CA file is not a CA certificate")
		}
		a.pool.AddCert(ca)
		a.subjects[string(ca.RawSubject)] = true
		a.all = append(a.all, ca)
		read++
	}
	if read == 0 {
		return errors.New("the CA file holds no PEM certificate")
	}
	if read != begun {
		return errors.New("a PEM block of the CA file cannot be read")
	}
	return nil
}

// Equal reports whether both have the same CAs.
func (a *Anchors) Equal(other *Anchors) bool {
	return a == other || a != nil && other != nil && a.pool.Equal(other.pool)
}

// Ends returns when the next of the CAs expires; if all have expired, when the last did. There must be at least one.
func (a *Anchors) Ends(now time.Time) time.Time { return NextEnds(a.all, now) }

// Verify checks that the certificate chains to an anchor, for TLS client use, at now. It returns the CA that issued it,
// which also answers for the certificate's revocation status. Its errors are of type *Error.
func (a *Anchors) Verify(c *Certificate, now time.Time) (issuer *x509.Certificate, err error) {
	if a == nil || a.pool == nil { // without roots, x509 would ask the system's
		return nil, refuse("certificate.issuer", "the client certificate's issuer is not trusted")
	}
	if err := c.ValidAt(now); err != nil {
		return nil, err
	}
	if !a.subjects[string(c.X509.RawIssuer)] { // x509 would say so too, later: a gate may have many directories' anchors
		return nil, refuse("certificate.issuer", "the client certificate's issuer is not trusted")
	}
	chains, err := c.X509.Verify(x509.VerifyOptions{
		Roots:       a.pool,
		CurrentTime: now,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return nil, refuse("certificate.issuer", "the client certificate's issuer is not trusted")
	}
	if err != nil {
		return nil, refuse("certificate.chain", "the client certificate's chain is not valid: expired, constrained or not for clientAuth")
	}
	return chains[0][1], nil // an anchor is a CA, and the certificate is not
}

// ValidAt checks that the certificate is not expired and already valid: "the time interval during which the CA warrants
// that it will maintain information about the status of the certificate" (RFC 5280, section 4.1.2.5). It does not check
// the issuer; Anchors.Verify does both. Its errors are of type *Error.
func (c *Certificate) ValidAt(now time.Time) error {
	if now.Before(c.X509.NotBefore) {
		return refuse("certificate.not_before", "the client certificate is not valid yet")
	}
	if now.After(c.NotAfter) {
		return refuse("certificate.not_after", "the client certificate has expired")
	}
	return nil
}
