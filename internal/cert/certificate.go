// Package cert reads client certificates of open banking (OB transport and signing, OBWAC and OBSeal, QWAC and QSealC),
// and verifies them against the CAs of a directory. Use it for every certificate of a TLS client. Whether a certificate
// belongs to a software product is for dcrfilter/trust to decide.
package cert

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// Certificate is a leaf certificate whose form was checked: subject, key and usages. Parse makes it. Only
// Anchors.Verify proves that it can be trusted.
type Certificate struct {
	X509       *x509.Certificate // nil in one that is Kept
	NotAfter   time.Time
	Thumbprint string  // x5t#S256: base64url SHA-256 of the DER (RFC 8705, section 3.1)
	Subject    dn.Name // in the certificate's own order

	Authority           string   // that gave AuthorisationNumber: GB-FCA
	AuthorisationNumber string   // see Authorisation; "" if there is none
	Roles               []string // of the PSD2 qcStatement, as AISP, PISP, CBPII, ASPSP; nil if there is no statement

	Serial      *big.Int // unique for its issuer
	OCSPServers []string // of the OCSP responders (RFC 5280, section 4.2.2.1)
	IssuerURLs  []string // of its issuer's certificate (RFC 5280, section 4.2.2.1)
	CRLs        []string // distribution points (RFC 5280, section 4.2.1.13)
}

// Parse reads one DER certificate and refuses one that is not suitable for a TLS client. Its errors are of type *Error.
func Parse(der []byte) (*Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errForm()
	}
	if err := checkForm(leaf); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(leaf.Raw)
	c := &Certificate{
		X509: leaf, NotAfter: leaf.NotAfter, Thumbprint: base64.RawURLEncoding.EncodeToString(sum[:]),
		Serial: leaf.SerialNumber, OCSPServers: leaf.OCSPServer, IssuerURLs: leaf.IssuingCertificateURL, CRLs: leaf.CRLDistributionPoints,
	}
	if c.Subject, err = parseSubject(leaf.RawSubject); err != nil {
		return nil, err
	}
	if err := CheckSubject(c.Subject); err != nil {
		return nil, err
	}
	c.Authority, c.AuthorisationNumber = Authorisation(c.Subject)
	if c.Roles, err = psd2Roles(leaf.Extensions); err != nil {
		return nil, err
	}
	return c, nil
}

func errForm() error {
	return refuse("certificate.form", "the client certificate is not one well-formed X.509 certificate")
}

// Kept returns a copy of a verified certificate for a cache. It omits the parsed X.509 structure, which is most of the
// size.
func (c Certificate) Kept() *Certificate { c.X509 = nil; return &c }

// ParsePEM reads a PEM text with exactly one certificate and otherwise only white space. Its errors are of type *Error.
func ParsePEM(text []byte) (*Certificate, error) {
	der, err := onePEM(text)
	if err != nil {
		return nil, err
	}
	return Parse(der)
}

func onePEM(text []byte) (der []byte, err error) {
	text = bytes.TrimSpace(text)
	block, rest := pem.Decode(text)
	// pem.Decode skips whatever is before the first block it can read, so we also ask where that begins.
	alone := bytes.HasPrefix(text, []byte("-----BEGIN CERTIFICATE-----")) && bytes.Count(text, []byte("-----BEGIN")) == 1
	if !alone || block == nil || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, refuse("certificate.pem", "the client certificate is not one PEM block of type CERTIFICATE")
	}
	return block.Bytes, nil
}

// First returns the first certificate of a file as one PEM block, and the text itself if there is none. "Data before the
// encapsulation boundaries is permitted, and parsers MUST NOT malfunction when processing such data" (RFC 7468, section
// 2): tools write explanations, chains and keys around a certificate.
func First(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // a byte order mark, which Windows' editors write
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})
		}
	}
	return text
}

// SubjectOfPEM reads the subject of any certificate, even one that is not suitable for a TLS client. It is for display;
// no decision may depend on it. Its errors are of type *Error.
func SubjectOfPEM(text []byte) (dn.Name, error) {
	der, err := onePEM(text)
	if err != nil {
		return nil, err
	}
	read, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errForm()
	}
	return parseSubject(read.RawSubject)
}
