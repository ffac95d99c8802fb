package pemfile

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestPrivateKey(t *testing.T) {
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	long := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	exchange := must(ecdh.X25519().GenerateKey(rand.Reader))(t)
	sec1 := must(x509.MarshalECPrivateKey(ec))(t)
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(ec))(t)
	for _, test := range []struct {
		name string
		text []byte
		want interface{ Equal(crypto.PublicKey) bool }
		err  string
	}{
		{"PKCS #8, RSA", block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(long))(t)), &long.PublicKey, ""},
		{"PKCS #8, EC", block("PRIVATE KEY", pkcs8), &ec.PublicKey, ""},
		{"PKCS #1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(long)), &long.PublicKey, ""},
		{"SEC 1 behind its parameters", slices.Concat([]byte("openssl says\n"), block("EC PARAMETERS", []byte{5, 0}), block("EC PRIVATE KEY", sec1)), &ec.PublicKey, ""},
		{"a key that signs nothing", block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(exchange))(t)), nil, "no RSA or EC key"},
		{"a byte too few", block("PRIVATE KEY", pkcs8[1:]), nil, "no RSA or EC key"},
		{"a public key", block("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(ec.Public()))(t)), nil, "no private key"},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", pkcs8), nil, "is encrypted"},
		{"encrypted, in the older form", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES"}}), nil, "is encrypted"},
		{"half of it", block("PRIVATE KEY", pkcs8)[:100], nil, "not complete"},
		{"nothing", nil, nil, "no private key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := PrivateKey(test.text)
			if test.want == nil {
				if key != nil || err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, %v", key, err)
				}
			} else if err != nil || !test.want.Equal(key.Public()) {
				t.Errorf("got another key, or %v", err)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	one := block("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t))
	for _, test := range []struct {
		name string
		text []byte
		want int
		err  string
	}{
		{"two and a key", slices.Concat([]byte("text\n"), one, block("PRIVATE KEY", []byte("x")), []byte("text\n"), one), 2, ""},
		{"none", []byte("text"), 0, "no certificate"},
		{"a malformed one", slices.Concat(one, block("CERTIFICATE", []byte("s3cret"))), 0, "certificate 2 of the file is malformed"},
		{"half of one", slices.Concat(one, one[:100]), 0, "not complete"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Certificates(test.text)
			if len(got) != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %d, %v", len(got), err)
			}
		})
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, size := range []int{0, maxSize} {
		want := make([]byte, size)
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
	if err := os.WriteFile(path, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || err.Error() != "is larger than 1 MiB" {
		t.Errorf("too large: %v", err)
	}
	if _, err := Read(dir); !errors.Is(err, ErrNoFile) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Read(path + "/none"); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("a file as a folder: %v", err)
	}
	if _, err := Read(dir + "/none"); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("missing: %v", err)
	}
}
