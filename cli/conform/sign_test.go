package conform

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// What a case says of signing is what the token has.
func TestToken(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own, err := newKeys(private, "a-key")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		sign      Signing
		algorithm string
		key       any
	}{
		{"as an honest client", Signing{}, "PS256", private},
		{"RS256", Signing{Algorithm: "RS256"}, "RS256", private},
		{"by an unpublished key", Signing{Key: "random"}, "ES256", own.random},
		{"not at all", Signing{Algorithm: "none"}, "none", nil},
		{"with the public key as the secret", Signing{Algorithm: "HS256"}, "HS256", own.public},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := own.token(map[string]any{"a": "b"}, test.sign)
			want := map[string]any{"alg": test.algorithm, "kid": "a-key", "typ": "JWT"}
			if !reflect.DeepEqual(token.Header, want) || token.Algorithm != test.algorithm || !reflect.DeepEqual(token.Key, test.key) || token.Claims["a"] != "b" {
				t.Errorf("header %v, signed as %s, claims %v, or with another key", token.Header, token.Algorithm, token.Claims)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"another curve": p384, "another kind": ed, "none": nil} {
		if _, err := newKeys(key, ""); err == nil || !strings.Contains(err.Error(), "must be RSA, or EC of the curve P-256") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token that was spoilt is not what it was, and in the way that its name says.
func TestSpoils(t *testing.T) {
	whole := dcrclient.Encode([]byte(`{"alg":"PS256"}`)) + "." + dcrclient.Encode([]byte(`{"a":1}`)) + "." + dcrclient.Encode(make([]byte, 256))
	for name, want := range map[string]func(spoilt string) bool{
		"changed_payload": func(s string) bool {
			payload, err := claims(s)
			return err == nil && payload["changed"] == true && strings.HasSuffix(whole, s[strings.LastIndex(s, "."):])
		},
		"changed_signature": func(s string) bool { return s != whole && len(s) == len(whole) && s[:50] == whole[:50] },
		"no_signature":      func(s string) bool { return strings.HasSuffix(s, ".") && strings.Count(s, ".") == 2 },
		"two_parts":         func(s string) bool { return strings.Count(s, ".") == 1 && !strings.HasSuffix(s, ".") },
		"five_parts":        func(s string) bool { return strings.Count(s, ".") == 4 },
		"trailing_newline":  func(s string) bool { return s == whole+"\n" },
		"padding":           func(s string) bool { return s == whole+"=" },
		"not_base64url":     func(s string) bool { return strings.Count(s, "!") == 1 && strings.Count(s, ".") == 2 },
		"json_form": func(s string) bool {
			object, err := dcrclient.Object([]byte(s))
			return err == nil && object["protected"].(string)+"."+object["payload"].(string)+"."+object["signature"].(string) == whole
		},
	} {
		if spoil := spoils[name]; spoil == nil || !want(spoil(whole)) {
			t.Errorf("%s is not that", name)
		}
		if spoilt := spoils[name]("nothing.b"); spoilt == "nothing.b" {
			t.Errorf("%s leaves what is no token as it was", name)
		}
	}
	if len(spoils) != 9 {
		t.Errorf("%d spoils, and 9 of them tested", len(spoils))
	}
}
