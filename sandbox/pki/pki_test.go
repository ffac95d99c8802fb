package pki

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The key of RFC 7638, section 3.1, and its thumbprint.
func TestThumbprint(t *testing.T) {
	modulus, err := base64.RawURLEncoding.DecodeString("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := PublicJWK(&rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}, "sig")
	if err != nil {
		t.Fatal(err)
	}
	if want := "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; jwk.ID != want || jwk.Exponent != "AQAB" || jwk.Use != "sig" {
		t.Errorf("%+v, want kid %s", jwk, want)
	}
}

func TestAuthorities(t *testing.T) {
	keys := make([]crypto.Signer, 3)
	for i := range keys {
		key, err := EC()
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	root, err := NewRoot(pkix.Name{CommonName: "root"}, keys[0])
	if err != nil {
		t.Fatal(err)
	}
	issuing, err := root.Subordinate(pkix.Name{CommonName: "issuing"}, keys[1])
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issuing.Issue(Server("bank"), keys[2].Public())
	if err != nil {
		t.Fatal(err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.Certificate)
	between.AddCert(issuing.Certificate)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: "127.0.0.1"}); err != nil {
		t.Error(err)
	}
	// A CA below the issuing one is beyond its path length.
	below, err := issuing.Subordinate(pkix.Name{CommonName: "below"}, keys[2])
	if err != nil {
		t.Fatal(err)
	}
	end, err := below.Issue(Server("bank"), keys[2].Public())
	if err != nil {
		t.Fatal(err)
	}
	between.AddCert(below.Certificate)
	if _, err := end.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err == nil {
		t.Error("the issuing CA may make CAs")
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"first", "second"} {
		if err := WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || string(got) != text || info.Mode().Perm() != 0o600 {
			t.Errorf("%s %v, want %s", got, info.Mode(), text)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files, want 1", len(left))
	}
	if err := WriteFile(filepath.Join(path, "below a file"), nil, 0o600); err == nil || strings.Contains(err.Error(), "second") {
		t.Errorf("%v, want that it cannot be written", err)
	}
}
