package conform

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

// parts decodes a compact JWS.
func parts(t *testing.T, compact string) (header, claims map[string]any, signed string, signature []byte) {
	t.Helper()
	pieces := strings.Split(compact, ".")
	if len(pieces) != 3 {
		t.Fatalf("%d parts", len(pieces))
	}
	var raw [3][]byte
	for i, piece := range pieces {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(piece); err != nil {
			t.Fatal(err)
		}
	}
	if json.Unmarshal(raw[0], &header) != nil || json.Unmarshal(raw[1], &claims) != nil {
		t.Fatal("no JSON")
	}
	return header, claims, pieces[0] + "." + pieces[1], raw[2]
}

func TestSign(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own, err := newKeys(private, "a-key")
	if err != nil {
		t.Fatal(err)
	}
	ec := func(key *ecdsa.PublicKey, digest, signature []byte) bool {
		return len(signature) == 64 && ecdsa.Verify(key, digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	for _, test := range []struct {
		name      string
		sign      Signing
		algorithm string
		verify    func(signed string, digest, signature []byte) bool
	}{
		{"as an honest client", Signing{}, "PS256", func(_ string, digest, signature []byte) bool {
			return rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}},
		{"RS256", Signing{Algorithm: "RS256"}, "RS256", func(_ string, digest, signature []byte) bool {
			return rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest, signature) == nil
		}},
		{"by nobody's key", Signing{Key: "random"}, "ES256", func(_ string, digest, signature []byte) bool {
			return ec(&own.random.PublicKey, digest, signature)
		}},
		{"not at all", Signing{Algorithm: "none"}, "none", func(_ string, _, signature []byte) bool { return len(signature) == 0 }},
		{"with the public key as the secret", Signing{Algorithm: "HS256"}, "HS256", func(signed string, _, signature []byte) bool {
			public, err := x509.MarshalPKIXPublicKey(private.Public())
			mac := hmac.New(sha256.New, public)
			mac.Write([]byte(signed))
			return err == nil && hmac.Equal(mac.Sum(nil), signature)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			compact, err := own.compact(jws{header: own.header(test.sign), claims: map[string]any{"a": "b"}, sign: test.sign})
			if err != nil {
				t.Fatal(err)
			}
			header, claims, signed, signature := parts(t, compact)
			digest := sha256.Sum256([]byte(signed))
			if header["alg"] != test.algorithm || header["kid"] != "a-key" || claims["a"] != "b" || !test.verify(signed, digest[:], signature) {
				t.Errorf("header %v, claims %v, or the signature does not verify", header, claims)
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

func TestObjectText(t *testing.T) {
	text, err := objectText(map[string]any{"a": 1, "b": 2}, map[string]any{"a": []int{3}})
	if want := `{"a":1,"b":2,"a":[3]}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}

// A token that was spoilt is not what it was, and in the way that its name says.
func TestSpoils(t *testing.T) {
	whole := encode([]byte(`{"alg":"PS256"}`)) + "." + encode([]byte(`{"a":1}`)) + "." + encode(make([]byte, 256))
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
			object, err := decode([]byte(s))
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

func TestFill(t *testing.T) {
	v := values{"now": constant(int64(100)), "list": constant([]string{"a", "b"}), "word": constant("w.w")}
	for _, test := range []struct {
		name  string
		value any
		want  any
		err   string
	}{
		{"a number", "${now}", int64(100), ""},
		{"a later number", "${now+60}", int64(160), ""},
		{"an earlier number", "${now-60}", int64(40), ""},
		{"a list", "${list}", []string{"a", "b"}, ""},
		{"in a text", "a ${word} at ${now}", "a w.w at 100", ""},
		{"in an object in a list", []any{map[string]any{"a": "${word}"}}, []any{map[string]any{"a": "w.w"}}, ""},
		{"not at all", uint64(7), uint64(7), ""},
		{"an unknown name", "${nothing}", nil, "there is no ${nothing} here"},
		{"a sum of no number", "${word+1}", nil, "${word} is no number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := v.fill(test.value)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	if pattern, err := v.pattern("^${word}$"); err != nil || pattern.MatchString("wxw") || !pattern.MatchString("w.w") {
		t.Errorf("a name in a pattern is not meant literally: %v, %v", pattern, err)
	}
}
