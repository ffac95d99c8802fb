package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
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
	template := authorityTemplate(subject, 1)
	return issueAuthority(template, template, key, key)
}

// Subordinate makes a CA that may issue leaf certificates only.
func (a *Authority) Subordinate(subject pkix.Name, key crypto.Signer) (*Authority, error) {
	return issueAuthority(authorityTemplate(subject, 0), a.Certificate, key, a.Key)
}

// Issue signs a leaf certificate. Serial and validity are chosen here, the rest is the template's.
func (a *Authority) Issue(leaf x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	now := time.Now()
	leaf.NotBefore, leaf.NotAfter = now.Add(-backdate), now.AddDate(0, leafMonths, 0)
	return sign(&leaf, a.Certificate, key, a.Key)
}

func authorityTemplate(subject pkix.Name, pathLength int) *x509.Certificate {
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

func issueAuthority(template, issuer *x509.Certificate, key, issuerKey crypto.Signer) (*Authority, error) {
	certificate, err := sign(template, issuer, key.Public(), issuerKey)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificate, Key: key}, nil
}

func sign(template, issuer *x509.Certificate, key crypto.PublicKey, issuerKey crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("choose a serial number: %w", err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key, issuerKey)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// EncodeCertificate writes a certificate as PEM.
func EncodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// ParseAuthority reads a CA's certificate and key from PEM texts.
func ParseAuthority(certificate, key []byte) (*Authority, error) {
	block, _ := pem.Decode(certificate)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("there is no certificate in the PEM text")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse a CA's certificate: %w", err)
	}
	signer, err := pemfile.PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: parsed, Key: signer}, nil
}
