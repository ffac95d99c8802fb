package testkit

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"
)

// A Pair is a certificate with its private key: a server's, a client's, or a CA's.
type Pair struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// CA is the template of a CA. It is valid now.
func CA(name string) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// Certify issues a certificate for a key, or for a new P-256 key if there is none. Without an issuer the certificate signs
// itself. Where the template lacks them, it receives a serial number and a validity of an hour before and after now.
func Certify(tb testing.TB, issuer *Pair, template x509.Certificate, key crypto.Signer) *Pair {
	tb.Helper()
	if key == nil {
		key = EC(tb)
	}
	if template.SerialNumber == nil {
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
		if err != nil {
			tb.Fatal(err)
		}
		template.SerialNumber = serial
	}
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if issuer == nil {
		issuer = &Pair{Certificate: &template, Key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.Certificate, key.Public(), issuer.Key)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &Pair{Certificate: certificate, Key: key}
}

// PEM is the certificate in PEM.
func (p *Pair) PEM() []byte { return CertificatePEM(p.Certificate.Raw) }

// CertificatePEM is a DER certificate in PEM.
func CertificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Write writes the certificate to stem.pem and the key to stem.key.
func (p *Pair) Write(tb testing.TB, stem string) {
	tb.Helper()
	for path, text := range map[string][]byte{stem + ".pem": p.PEM(), stem + ".key": KeyPEM(tb, p.Key)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// Pool trusts the certificate.
func (p *Pair) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate)
	return pool
}

// TLS is the pair as a TLS client or server uses it.
func (p *Pair) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key, Leaf: p.Certificate}
}
