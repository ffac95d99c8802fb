package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

// OrganizationIdentifier is the attribute of eIDAS certificates that crypto/x509's names do not have (ETSI EN 319 412-1).
var OrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

// TransportTemplate is a certificate for TLS clients that is valid now.
func TransportTemplate(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// LegacySubject is the subject of an OB transport certificate.
func LegacySubject(orgID, softwareID string) pkix.Name {
	return pkix.Name{CommonName: softwareID, OrganizationalUnit: []string{orgID}, Organization: []string{"OpenBanking"}, Country: []string{"GB"}}
}

// Issue certifies a new P-256 key. The template's serial number is chosen here. A nil CA makes it sign itself.
func Issue(tb testing.TB, ca *tls.Certificate, template *x509.Certificate) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	template.SerialNumber = serial
	parent, signer := template, crypto.Signer(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey.(crypto.Signer)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// OwnCA makes an untrusted CA with the name of a trusted one.
func OwnCA(tb testing.TB, name pkix.Name) tls.Certificate {
	tb.Helper()
	return Issue(tb, nil, &x509.Certificate{
		Subject: name, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
}
