// Package dcrclient is the client side of dynamic client registration: it builds, signs and sends a TPP's requests to a bank
// and reads the responses. Any part of a request can be made invalid on purpose: a claim, a header, the key, the algorithm,
// the certificate, the body or its media type.
//
// The TPP tool, the demo, the conformance cases and the tests use it. It shares no code with the gate, in particular not
// package jose: tests would not notice a bug that both sides have. Never use it in the gate or the registry.
package dcrclient

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// ErrNotJWT is returned for a text that is not a JWT in compact form.
var ErrNotJWT = errors.New("not a signed JWT")

// JWT is a token about to be signed (RFC 7519, RFC 7515). Its content is signed as it is, valid or not.
type JWT struct {
	Header, Claims map[string]any
	// Key signs: an *ecdsa.PrivateKey of P-256 with ES256, an ed25519.PrivateKey with EdDSA, a []byte with HS256, an
	// *rsa.PrivateKey with RS256 if Algorithm says so and otherwise with PS256. With nil, a token from ParseJWT keeps its
	// signature, and any other has an empty one.
	Key       any
	Algorithm string // how Key signs; the header's alg if empty

	RawHeader, RawClaims string                      // JSON that replaces Header and Claims, if not empty
	Signature            func(signed string) []byte  // replaces Key; may be nil
	Change               func(compact string) string // changes the signed token; may be nil

	had []byte // signature of a parsed token
}

// ParseJWT parses a token without verifying it. Numbers keep their notation. Its error is ErrNotJWT.
func ParseJWT(compact string) (*JWT, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, ErrNotJWT
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, ErrNotJWT
		}
	}
	t := &JWT{had: decoded[2]}
	var headerErr, claimsErr error
	t.Header, headerErr = Object(decoded[0])
	t.Claims, claimsErr = Object(decoded[1])
	if headerErr != nil || claimsErr != nil {
		return nil, ErrNotJWT
	}
	return t, nil
}

// Clone returns a copy with its own header and claims.
func (t *JWT) Clone() *JWT {
	clone := *t
	clone.Header, clone.Claims = maps.Clone(t.Header), maps.Clone(t.Claims)
	return &clone
}

// Compact signs the token and returns its compact form (RFC 7515, section 7.1).
func (t *JWT) Compact() (string, error) {
	header, err := t.text(t.RawHeader, t.Header)
	if err != nil {
		return "", err
	}
	claims, err := t.text(t.RawClaims, t.Claims)
	if err != nil {
		return "", err
	}
	signed := Encode(header) + "." + Encode(claims)
	signature, err := t.Sign(signed)
	if err != nil {
		return "", fmt.Errorf("sign a JWT: %w", err)
	}
	compact := signed + "." + Encode(signature)
	if t.Change != nil {
		compact = t.Change(compact)
	}
	return compact, nil
}

func (t *JWT) text(raw string, object map[string]any) ([]byte, error) {
	if raw != "" {
		return []byte(raw), nil
	}
	return json.Marshal(object)
}

// Sign signs a text as the token would be signed.
func (t *JWT) Sign(signed string) ([]byte, error) {
	if t.Signature != nil {
		return t.Signature(signed), nil
	}
	algorithm := t.Algorithm
	if algorithm == "" {
		algorithm, _ = t.Header["alg"].(string)
	}
	digest := sha256.Sum256([]byte(signed))
	switch key := t.Key.(type) {
	case nil:
		return t.had, nil
	case *rsa.PrivateKey:
		if algorithm == "RS256" {
			return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		}
		return rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case *ecdsa.PrivateKey:
		return signEC(key, digest[:])
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(signed)), nil
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return mac.Sum(nil), nil
	}
	return nil, fmt.Errorf("a key of type %T does not sign", t.Key)
}

// signEC returns R and S of 32 bytes each (RFC 7518, section 3.4).
func signEC(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	if key.Curve.Params().BitSize != 256 {
		return nil, errors.New("an EC key must be of the curve P-256")
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// AlgorithmOf returns the algorithm that FAPI allows for a type of key (FAPI 1.0 Part 2, section 8.6): ES256 for an EC key,
// otherwise PS256.
func AlgorithmOf(key crypto.Signer) string {
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return "ES256"
	}
	return "PS256"
}

// Encode is base64url without padding.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Object parses a JSON object. Numbers keep their notation.
func Object(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil || decoder.More() {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}
