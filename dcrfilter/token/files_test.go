package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func pemKey(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func writeKey(t *testing.T, path string) (kid string) {
	t.Helper()
	k, der, err := makeKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pemKey(der), 0o600); err != nil {
		t.Fatal(err)
	}
	return k.id
}

// unusable returns an EC key and an RSA key that is too short, as PEM.
func unusable(t *testing.T) (ec, short string) {
	t.Helper()
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shortKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	var texts [2]string
	for i, k := range []any{ecKey, shortKey} {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(pemKey(der))
	}
	return texts[0], texts[1]
}

func TestFileRingFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.pem"), filepath.Join(dir, "second.pem")
	firstID, secondID := writeKey(t, first), writeKey(t, second)
	ring := FileRing([]string{first, second})
	if err := ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, err := ring.signing(); err != nil || k.id != firstID {
		t.Errorf("signs with %s, %v, want the first file's %s", k.id, err, firstID)
	}
	if want := slices.Sorted(slices.Values([]string{firstID, secondID})); !slices.Equal(kids(ring), want) {
		t.Errorf("verifies with %v, want %v", kids(ring), want)
	}
	issuing := NewIssuer(ring, ours.living(time.Minute), nil, time.Now)
	old, _, err := issuing.Issue(t.Context(), grant())
	if err != nil {
		t.Fatal(err)
	}

	// The administrator swaps them.
	swap := filepath.Join(dir, "swap.pem")
	for _, move := range [][2]string{{first, swap}, {second, first}, {swap, second}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k, err := ring.signing(); err != nil || k.id != secondID {
		t.Errorf("signs with %s, %v, want %s", k.id, err, secondID)
	}
	if _, err := NewBuiltin(ring, ours, nil).Inspect(t.Context(), old, time.Now()); err != nil {
		t.Errorf("a token of the old key: %v", err)
	}
}

func TestFileRingKeepsItsKeysWhenAFileIsBad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	kid := writeKey(t, path)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ring := FileRing([]string{path})
	if err := ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ec, short := unusable(t)
	for _, test := range []struct{ name, text, want string }{
		{"half written", string(good[:100]), "PEM"},
		{"two keys", string(good) + string(good), "PEM"},
		{"another type", strings.ReplaceAll(string(good), "PRIVATE", "RSA PRIVATE"), "PEM"},
		{"no key", string(pemKey([]byte("x"))), "PKCS #8"},
		{"an EC key", ec, "RSA"},
		{"a short key", short, "2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := ring.Load(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), string(good[40:60])) {
				t.Errorf("got %v, want one about %s", err, test.want)
			}
			if k, err := ring.signing(); err != nil || k.id != kid {
				t.Errorf("signs with %s, %v, want the key it had", k.id, err)
			}
		})
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := FileRing([]string{path}).Load(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no file", err)
	}
}
