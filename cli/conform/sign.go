package conform

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// jws is a token about to be signed, be it a good one or not: what stands in it is signed as it stands.
type jws struct {
	header, claims           map[string]any
	headerAgain, claimsAgain map[string]any
	sign                     Signing
}

// keys are the ones that this run signs with.
type keys struct {
	own    crypto.Signer
	id     string
	random *ecdsa.PrivateKey // of nobody
}

func newKeys(own crypto.Signer, id string) (keys, error) {
	switch key := own.(type) {
	case *rsa.PrivateKey:
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return keys{}, errors.New("the signing key must be RSA, or EC of the curve P-256")
		}
	default:
		return keys{}, errors.New("the signing key must be RSA, or EC of the curve P-256")
	}
	random, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return keys{own: own, id: id, random: random}, err
}

// algorithm is what FAPI allows for the kind of key (FAPI 1.0 Part 2, section 8.6).
func (k keys) algorithm() string {
	if _, ok := k.own.(*ecdsa.PrivateKey); ok {
		return "ES256"
	}
	return "PS256"
}

// jwk is the public half of the random key (RFC 7518, section 6.2.1).
func (k keys) jwk() (map[string]any, error) {
	point, err := k.random.PublicKey.Bytes() // 4, x and y
	if err != nil {
		return nil, err
	}
	return map[string]any{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}, nil
}

// header is that of an honest token.
func (k keys) header(s Signing) map[string]any {
	algorithm := k.algorithm()
	if s.Key == "random" {
		algorithm = "ES256"
	}
	if s.Algorithm != "" {
		algorithm = s.Algorithm
	}
	return map[string]any{"alg": algorithm, "kid": k.id, "typ": "JWT"}
}

// compact writes a token (RFC 7515, section 7.1).
func (k keys) compact(t jws) (string, error) {
	header, err := objectText(t.header, t.headerAgain)
	if err != nil {
		return "", err
	}
	claims, err := objectText(t.claims, t.claimsAgain)
	if err != nil {
		return "", err
	}
	signed := encode(header) + "." + encode(claims)
	signature, err := k.signature(t.sign, signed)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed + "." + encode(signature), nil
}

func (k keys) signature(s Signing, signed string) ([]byte, error) {
	digest := sha256.Sum256([]byte(signed))
	switch s.Algorithm {
	case "none":
		return nil, nil
	case "HS256": // a bank that takes the algorithm from the token would verify with the public key as the secret
		public, err := x509.MarshalPKIXPublicKey(k.own.Public())
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(signed))
		return mac.Sum(nil), nil
	}
	key := k.own
	if s.Key == "random" {
		key = k.random
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		return signEC(key, digest[:])
	}
	if s.Algorithm == "RS256" {
		return key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	return key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
}

// signEC writes R and S of 32 bytes each (RFC 7518, section 3.4).
func signEC(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// objectText writes an object as JSON, and some members once more at its end.
func objectText(object, again map[string]any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(again)) {
		member, err := json.Marshal(map[string]any{name: again[name]})
		if err != nil {
			return nil, err
		}
		text = append(append(text[:len(text)-1], ','), member[1:]...)
	}
	return text, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
