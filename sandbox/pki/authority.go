package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

const (
	// backdate lets a participant whose clock is a little slow use a fresh certificate.
	backdate = time.Hour
	// leafMonths is what open banking directories issue for.
	leafMonths = 13
	caYears    = 10
)

// Authority is a CA with its key.
type Authority struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// NewRoot makes a CA that signs itself.
func NewRoot(subject pkix.Name, key crypto.Signer) (*Authority, error) {
	root := authority(subject, 1)
	return (&Authority{Certificate: root, Key: key}).certify(root, key)
}

// Subordinate makes a CA that may issue leaf certificates only.
func (a *Authority) Subordinate(subject pkix.Name, key crypto.Signer) (*Authority, error) {
	return a.certify(authority(subject, 0), key)
}

// authority is the template of a CA.
func authority(subject pkix.Name, pathLength int) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:               subject,
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(caYears, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            pathLength,
		MaxPathLenZero:        pathLength == 0,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func (a *Authority) certify(template *x509.Certificate, key crypto.Signer) (*Authority, error) {
	certificate, err := a.sign(template, key.Public())
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificate, Key: key}, nil
}

// Issue signs a leaf certificate. Serial and validity are chosen here, the rest is the template's.
func (a *Authority) Issue(leaf x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	now := time.Now()
	leaf.NotBefore, leaf.NotAfter = now.Add(-backdate), now.AddDate(0, leafMonths, 0)
	return a.sign(&leaf, key)
}

func (a *Authority) sign(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("choose a serial number: %w", err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key, a.Key)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// EncodeCertificate writes a certificate as PEM.
func EncodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// ReadAuthority reads a CA's certificate and key from their files.
func ReadAuthority(certificate, key string) (*Authority, error) {
	text, err := pemfile.Read(certificate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificate, err)
	}
	certificates, err := pemfile.Certificates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificate, err)
	}
	signer, err := pemfile.ReadKey(key)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificates[0], Key: signer}, nil
}
