package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
)

// requiredMembers are "only the required members of a JWK representing the key ... ordered lexicographically" (RFC 7638,
// section 3): the order of the fields is the order of the text that is hashed.
type requiredMembers struct {
	Curve    string `json:"crv,omitempty"`
	Exponent string `json:"e,omitempty"`
	Kind     string `json:"kty"`
	Modulus  string `json:"n,omitempty"`
	X        string `json:"x,omitempty"`
	Y        string `json:"y,omitempty"`
}

type publicJWK struct {
	requiredMembers
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
}

// PublicJWK writes a public key as a JWK for signatures, kid being its RFC 7638 SHA-256 thumbprint. The key must suit
// the algorithm.
func PublicJWK(key crypto.PublicKey, algorithm string) (jwk []byte, kid string, err error) {
	if !suits(key, algorithm) {
		return nil, "", errKey
	}
	required, err := members(key)
	if err != nil {
		return nil, "", err
	}
	kid = required.thumbprint()
	jwk, err = json.Marshal(publicJWK{requiredMembers: required, Algorithm: algorithm, KeyID: kid, Use: "sig"})
	if err != nil {
		return nil, "", fmt.Errorf("write the key: %w", err)
	}
	return jwk, kid, nil
}

func (m requiredMembers) thumbprint() string {
	hashed, err := json.Marshal(m)
	if err != nil {
		return "" // cannot happen: it has only strings
	}
	sum := sha256.Sum256(hashed)
	return base64url.EncodeToString(sum[:])
}

func members(public crypto.PublicKey) (requiredMembers, error) {
	encode := base64url.EncodeToString
	switch key := public.(type) {
	case *rsa.PublicKey:
		e := big.NewInt(int64(key.E))
		return requiredMembers{Kind: "RSA", Modulus: encode(key.N.Bytes()), Exponent: encode(e.Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			return requiredMembers{}, fmt.Errorf("write the key: %w", err)
		}
		x, y := point[1:len(point)/2+1], point[len(point)/2+1:]
		return requiredMembers{Kind: "EC", Curve: "P-256", X: encode(x), Y: encode(y)}, nil
	case ed25519.PublicKey:
		return requiredMembers{Kind: "OKP", Curve: "Ed25519", X: encode(key)}, nil
	}
	return requiredMembers{}, errKey
}
