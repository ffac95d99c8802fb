package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dn/dntest"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// noon is the time of all tests.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// authority is a CA made for one test.
type authority struct{ *testkit.Pair }

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
	template := testkit.CA(name)
	template.NotBefore, template.NotAfter = noon.AddDate(-5, 0, 0), noon.AddDate(5, 0, 0)
	if change != nil {
		change(&template)
	}
	if issuer == nil {
		issuer = &authority{}
	}
	return &authority{testkit.Certify(t, issuer.Pair, template, nil)}
}

func (ca *authority) pem() []byte { return ca.PEM() }

// issue returns the DER of a good OB transport certificate, but for the change.
func (ca *authority) issue(t testing.TB, change func(*x509.Certificate)) []byte {
	t.Helper()
	return ca.issueFor(t, testkit.EC(t).Public(), change)
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
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Certificate, key, ca.Key)
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
