package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
)

// JWT is a token about to be signed, be it a good one or not: what stands in it is signed as it stands.
type JWT struct {
	Header, Claims map[string]any
	// Key signs in the one way that it can, whatever the header's alg says: an *ecdsa.PrivateKey as ES256, an
	// ed25519.PrivateKey as EdDSA, a []byte as HS256, an *rsa.PrivateKey as RS256 if alg is that and else as PS256. nil
	// leaves the signature empty.
	Key any

	RawHeader, RawClaims string                         // JSON text in place of Header and Claims, where not empty
	Change               func(compact string) string    // what becomes of the signed token; may be nil
	Signature            func(signed string) (b []byte) // in place of Key; may be nil
}

// Clone returns a copy whose header and claims can be changed without changing these.
func (t *JWT) Clone() *JWT {
	clone := *t
	clone.Header, clone.Claims = maps.Clone(t.Header), maps.Clone(t.Claims)
	return &clone
}

// Compact signs the token. Every token so made is remembered: see Leaks.
func (t *JWT) Compact() string {
	header, claims := t.RawHeader, t.RawClaims
	if header == "" {
		header = text(t.Header)
	}
	if claims == "" {
		claims = text(t.Claims)
	}
	signed := Encode([]byte(header)) + "." + Encode([]byte(claims))
	compact := signed + "." + Encode(t.SignatureOf(signed))
	if t.Change != nil {
		compact = t.Change(compact)
	}
	Remember(compact)
	return compact
}

// SignatureOf signs a text as the token would be signed.
func (t *JWT) SignatureOf(signed string) []byte {
	if t.Signature != nil {
		return t.Signature(signed)
	}
	algorithm, _ := t.Header["alg"].(string)
	return signature(t.Key, algorithm, signed)
}

// Encode is base64url without padding.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// text is JSON; a value that has none is a mistake of the test's.
func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("harness: a test's claims are no JSON: %v", err))
	}
	return string(written)
}

func signature(key any, algorithm, signed string) []byte {
	digest := sha256.Sum256([]byte(signed))
	var out []byte
	var err error
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if algorithm == "RS256" {
			out, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		} else {
			out, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, key, digest[:])
		if signErr == nil {
			out = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
		err = signErr
	case ed25519.PrivateKey:
		out = ed25519.Sign(key, []byte(signed))
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		out = mac.Sum(nil)
	}
	if err != nil {
		panic(fmt.Sprintf("harness: sign: %v", err)) // a key of the test's own that cannot sign
	}
	return out
}
