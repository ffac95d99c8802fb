package testkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var rsaKeys struct {
	sync.Mutex
	made []*rsa.PrivateKey
}

// RSA returns the nth RSA key of 2,048 bits, counted from 0: always the same one in a test binary, because finding primes is
// slow.
func RSA(tb testing.TB, n int) *rsa.PrivateKey {
	tb.Helper()
	rsaKeys.Lock()
	defer rsaKeys.Unlock()
	for len(rsaKeys.made) <= n {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			tb.Fatal(err)
		}
		rsaKeys.made = append(rsaKeys.made, key)
	}
	return rsaKeys.made[n]
}

// EC returns a new key on P-256.
func EC(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// KeyPEM is a private key as PKCS #8 in PEM.
func KeyPEM(tb testing.TB, key crypto.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// KeyFile writes a private key to a file of the test, and returns its path.
func KeyFile(tb testing.TB, key crypto.PrivateKey) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "key.pem")
	if err := os.WriteFile(path, KeyPEM(tb, key), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
