package docs_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
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
	for stem, host := range map[string]string{"tls/mtls": "mtls.bank.example", "tls/as": "as.bank.example", "tls/api": "api.bank.example", "tls/internal": "gateway.internal", "gateway": "gateway"} {
		certificate, key := issue(t, host, false)
		f.write(t, stem+".pem", certificate)
		f.write(t, stem+".key", key)
	}
	f.write(t, "token-signing.key", testkit.KeyPEM(t, testkit.RSA(t, 0)))
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
	template := x509.Certificate{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	template.IsCA, template.BasicConstraintsValid = isCA, isCA
	pair := testkit.Certify(t, nil, template, nil)
	return pair.PEM(), testkit.KeyPEM(t, pair.Key)
}
