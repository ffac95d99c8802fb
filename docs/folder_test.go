package docs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A folder has the certificates and keys that the examples name.
type folder string

func newFolder(t *testing.T) folder {
	t.Helper()
	f := folder(t.TempDir())
	for _, name := range []string{"ob-issuing-ca.pem", "qtsp-1.pem", "qtsp-2.pem", "internal-ca.pem"} {
		certificate, _ := issue(t, name, true)
		f.write(t, name, certificate)
	}
	for stem, host := range map[string]string{"tls/mtls": "mtls.bank.example", "tls/as": "as.bank.example", "tls/api": "api.bank.example", "gateway": "gateway"} {
		certificate, key := issue(t, host, false)
		f.write(t, stem+".pem", certificate)
		f.write(t, stem+".key", key)
	}
	_, key := issue(t, "tokens", false)
	f.write(t, "token-signing.key", key)
	return f
}

func (f folder) write(t *testing.T, name string, text []byte) {
	t.Helper()
	path := filepath.Join(string(f), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue makes a certificate that has signed itself, and its key.
func issue(t *testing.T, host string, isCA bool) (certificate, private []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: isCA, BasicConstraintsValid: isCA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}
