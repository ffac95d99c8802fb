package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dn/dntest"
)

// noon is the time of all tests.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// authority is a CA made for one test.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newCA makes a CA, signed by issuer or by itself when that is nil.
func newCA(t testing.TB, name string, issuer *authority, change func(*x509.Certificate)) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: noon.AddDate(-5, 0, 0), NotAfter: noon.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	ca := &authority{key: newKey(t, elliptic.P256())}
	if issuer == nil {
		issuer = &authority{cert: template, key: ca.key}
	}
	ca.cert = parseX509(t, sign(t, template, issuer, ca.key.Public()))
	return ca
}

func (ca *authority) pem() []byte { return toPEM("CERTIFICATE", ca.cert.Raw) }

// issue returns the DER of a good OB transport certificate, but for the change.
func (ca *authority) issue(t testing.TB, change func(*x509.Certificate)) []byte {
	t.Helper()
	return ca.issueFor(t, newKey(t, elliptic.P256()).Public(), change)
}

func (ca *authority) issueFor(t testing.TB, key any, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), RawSubject: dntest.DER(t, "C=GB", "O=OpenBanking", "OU=org1", "CN=software1"),
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	return sign(t, template, ca, key)
}

func sign(t testing.TB, template *x509.Certificate, issuer *authority, key any) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key, issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func parseX509(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func toPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// ruleOf returns the rule that refused, "" where none did.
func ruleOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("not an *Error: %v", err)
	}
	for _, r := range refusal.Because {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			t.Errorf("not fit for a challenge: %q", refusal.Because)
		}
	}
	return refusal.Rule
}
