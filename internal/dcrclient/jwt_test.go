package dcrclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"testing"
)

// Each key signs in its one way, as the standard library verifies it.
func TestSign(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pss := func(_ string, digest, signature []byte) bool {
		return rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	pkcs1 := func(_ string, digest, signature []byte) bool {
		return rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest, signature) == nil
	}
	for _, test := range []struct {
		name   string
		token  JWT
		verify func(signed string, digest, signature []byte) bool
	}{
		{"RSA as PS256", JWT{Key: private, Header: map[string]any{"alg": "PS256"}}, pss},
		{"RSA as PS256, whatever the header says", JWT{Key: private, Header: map[string]any{"alg": "none"}}, pss},
		{"RSA as RS256 by the header", JWT{Key: private, Header: map[string]any{"alg": "RS256"}}, pkcs1},
		{"RSA as PS256 though the header says RS256", JWT{Key: private, Algorithm: "PS256", Header: map[string]any{"alg": "RS256"}}, pss},
		{"RSA as RS256 though the header says PS256", JWT{Key: private, Algorithm: "RS256", Header: map[string]any{"alg": "PS256"}}, pkcs1},
		{"EC as ES256", JWT{Key: elliptical}, func(_ string, digest, signature []byte) bool {
			return len(signature) == 64 && ecdsa.Verify(&elliptical.PublicKey, digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
		}},
		{"Ed25519 as EdDSA", JWT{Key: edwards}, func(signed string, _, signature []byte) bool {
			return ed25519.Verify(public, []byte(signed), signature)
		}},
		{"a secret as HS256", JWT{Key: []byte("secret")}, func(signed string, _, signature []byte) bool {
			mac := hmac.New(sha256.New, []byte("secret"))
			mac.Write([]byte(signed))
			return hmac.Equal(mac.Sum(nil), signature)
		}},
		{"no key", JWT{}, func(_ string, _, signature []byte) bool { return len(signature) == 0 }},
		{"a signature of the caller's", JWT{Key: private, Signature: func(string) []byte { return []byte("x") }}, func(_ string, _, signature []byte) bool {
			return string(signature) == "x"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.token.Claims = map[string]any{"a": "b"}
			if test.token.Header == nil {
				test.token.Header = map[string]any{"kid": "k"}
			}
			compact, err := test.token.Compact()
			if err != nil {
				t.Fatal(err)
			}
			read, err := ParseJWT(compact)
			if err != nil || read.Claims["a"] != "b" || len(read.Header) != 1 {
				t.Fatalf("%v: %v %v", err, read.Header, read.Claims)
			}
			signed := compact[:strings.LastIndex(compact, ".")]
			digest := sha256.Sum256([]byte(signed))
			if !test.verify(signed, digest[:], read.had) {
				t.Error("the signature does not verify")
			}
		})
	}
}

func TestKeysThatDoNotSign(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]any{"a text": "secret", "another curve": p384} {
		if compact, err := (&JWT{Key: key}).Compact(); err == nil {
			t.Errorf("%s signs %s", name, compact)
		}
	}
}

// A token that was read and changed has the signature that it had, until it gets a key.
func TestTampering(t *testing.T) {
	honest, err := (&JWT{Header: map[string]any{"alg": "HS256"}, Claims: map[string]any{"role": "AISP", "n": 1}, Key: []byte("secret")}).Compact()
	if err != nil {
		t.Fatal(err)
	}
	token, err := ParseJWT(honest)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := token.Compact(); err != nil || same != honest {
		t.Errorf("%s, %v, want what was read", same, err)
	}
	other := token.Clone()
	other.Claims["role"] = "ASPSP"
	tampered, err := other.Compact()
	if err != nil || token.Claims["role"] != "AISP" {
		t.Fatalf("%v, or a clone's claims are the token's", err)
	}
	signature := honest[strings.LastIndex(honest, "."):]
	if read, err := ParseJWT(tampered); err != nil || read.Claims["role"] != "ASPSP" || !strings.HasSuffix(tampered, signature) {
		t.Errorf("%s, %v, want another role under the same signature", tampered, err)
	}
	other.Key = []byte("another")
	if compact, err := other.Compact(); err != nil || strings.HasSuffix(compact, signature) {
		t.Errorf("%s, %v, want another signature", compact, err)
	}
}

func TestRawTokens(t *testing.T) {
	compact, err := (&JWT{RawHeader: `{"alg":1}`, RawClaims: `{"a":1,"a":2}`, Change: func(s string) string { return s + "=" }}).Compact()
	if want := Encode([]byte(`{"alg":1}`)) + "." + Encode([]byte(`{"a":1,"a":2}`)) + ".="; err != nil || compact != want {
		t.Errorf("%s, %v, want %s", compact, err, want)
	}
}

func TestParseJWTRefuses(t *testing.T) {
	object := Encode([]byte(`{}`))
	for name, text := range map[string]string{
		"nothing": "", "two parts": object + "." + object, "four parts": object + "." + object + "..", "no base64url": object + ".!.",
		"no JSON": object + "." + Encode([]byte("x")) + ".", "an array": object + "." + Encode([]byte("[]")) + ".",
		"more behind it": object + "." + Encode([]byte("{}{}")) + ".", "an invalid header": Encode([]byte("null")) + "." + object + ".",
	} {
		if _, err := ParseJWT(text); !errors.Is(err, ErrNotJWT) {
			t.Errorf("%s: %v, want ErrNotJWT", name, err)
		}
	}
}
