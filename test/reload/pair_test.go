package reload

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// serverPair makes a certificate for the world's listeners, and its key, as PEM.
func serverPair(t *testing.T, ca *tls.Certificate) (certificate, key []byte, serial string) {
	t.Helper()
	pair := harness.Issue(t, ca, serverTemplate())
	certificate, key = encode(t, pair.Certificate[0], pair.PrivateKey)
	return certificate, key, pair.Leaf.SerialNumber.String()
}

func foreignKey(t *testing.T, ca *tls.Certificate) string {
	t.Helper()
	_, key, _ := serverPair(t, ca)
	return string(key)
}

// weakPair is a certificate and a key of 1024 bits, which belong together.
func weakPair(t *testing.T, ca *tls.Certificate) (certificate, key []byte) {
	t.Helper()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	pair := testkit.Certify(t, &testkit.Pair{Certificate: ca.Leaf, Key: ca.PrivateKey.(crypto.Signer)}, *serverTemplate(), weak)
	return pair.PEM(), testkit.KeyPEM(t, weak)
}

func serverTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Sandbox Bank"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func encode(t *testing.T, certificate []byte, key crypto.PrivateKey) (certificatePEM, keyPEM []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
