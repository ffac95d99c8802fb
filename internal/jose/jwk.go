package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// publicKey reads the public key of a JWK. ok is false for one that may not be used.
func publicKey(member strictjson.Object) (key crypto.PublicKey, ok bool) {
	kind, _ := member.String("kty")
	switch kind {
	case "RSA":
		return rsaKey(octets(member, "n"), octets(member, "e"))
	case "EC":
		return curveKey(member)
	case "OKP":
		return edwardsKey(member)
	}
	return nil, false
}

func rsaKey(modulus, exponent []byte) (crypto.PublicKey, bool) {
	e := new(big.Int).SetBytes(exponent)
	if e.BitLen() > 31 {
		return nil, false
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e.Int64())}
	return key, strong(key)
}

// "The length of this octet string MUST be the full size of a coordinate for the curve" (RFC 7518, section 6.2.1.2). "The
// JWS/JWE library itself must validate these inputs before using them, or it must use underlying cryptographic libraries
// that do so" (RFC 8725, section 3.4): crypto/ecdsa refuses a point off the curve.
func curveKey(member strictjson.Object) (crypto.PublicKey, bool) {
	const size = 32
	x, y := octets(member, "x"), octets(member, "y")
	if curve, err := member.String("crv"); err != nil || curve != "P-256" || len(x) != size || len(y) != size {
		return nil, false
	}
	const uncompressed = 4
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{uncompressed}, x, y))
	return key, err == nil
}

func edwardsKey(member strictjson.Object) (crypto.PublicKey, bool) {
	key := ed25519.PublicKey(octets(member, "x"))
	curve, err := member.String("crv")
	return key, err == nil && curve == "Ed25519" && len(key) == ed25519.PublicKeySize
}

// octets decodes a member, nil where it cannot.
func octets(member strictjson.Object, name string) []byte {
	text, err := member.String(name)
	if err != nil {
		return nil
	}
	decoded, err := decode(text)
	if err != nil {
		return nil
	}
	return decoded
}

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
	hashed, err := json.Marshal(required)
	if err != nil {
		return nil, "", fmt.Errorf("write the key: %w", err)
	}
	sum := sha256.Sum256(hashed)
	kid = base64url.EncodeToString(sum[:])
	jwk, err = json.Marshal(publicJWK{requiredMembers: required, Algorithm: algorithm, KeyID: kid, Use: "sig"})
	if err != nil {
		return nil, "", fmt.Errorf("write the key: %w", err)
	}
	return jwk, kid, nil
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
