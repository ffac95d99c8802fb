// Package jose reads and writes compact JWS. Its own front end is strict (RFC 7515, 7518, 7519, 8725);
// behind it stands one library, which no other package may import.
package jose

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// The signature algorithms that this package knows (RFC 7518, section 3.1; RFC 8037, section 3.1).
const (
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// FAPI are the algorithms of software statements, requests and client assertions: "shall use PS256 or ES256 algorithms"
// (FAPI 1.0 Part 2, section 8.6).
var FAPI = []string{PS256, ES256}

// ErrSignature is the one error for a signature that does not verify, a key that is not there and a key that may not
// be used: an attacker learns nothing from it.
var ErrSignature = errors.New("the signature does not verify with any acceptable key")

// Policy says what a token of one kind may look like. The zero value allows no token.
type Policy struct {
	Algorithms []string // allowed alg values: PS256, ES256, EdDSA
	Types      []string // allowed typ values, compared without case; "" allows a token without typ
	KeyID      bool     // kid is required
	MaxBytes   int      // of the whole token
}

// Unverified is a token whose form is right and whose signature nobody has looked at.
type Unverified struct {
	Algorithm string
	KeyID     string            // "" where there is none
	Claims    strictjson.Object // UNVERIFIED: only to choose who verifies
	Raw       string

	signed    string // what the signature is over
	signature []byte
}

// Verified is a token that one of the keys given has signed.
type Verified struct {
	Claims strictjson.Object
	KeyID  string
	Raw    string
}

// Parse checks the form of a compact JWS against the policy. It fails with a *FormError only, which names what is wrong,
// never a value.
func Parse(compact string, policy Policy) (*Unverified, error) {
	parts, err := split(compact, policy.MaxBytes)
	if err != nil {
		return nil, err
	}
	header, err := parseHeader(parts.header, policy)
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims(parts.payload)
	if err != nil {
		return nil, err
	}
	signature, err := decode(parts.signature)
	if err != nil {
		return nil, err
	}
	return &Unverified{
		Algorithm: header.Algorithm,
		KeyID:     header.KeyID,
		Claims:    claims,
		Raw:       compact,
		signed:    parts.signed,
		signature: signature,
	}, nil
}

// ClaimsVerifiedElsewhere reads the claims of a token without looking at its header or signature. It is only for a token
// of which another part of the product has verified these very bytes, and said so in a way that this part has verified.
// It fails with a *FormError only.
func ClaimsVerifiedElsewhere(compact string, maxBytes int) (strictjson.Object, error) {
	parts, err := split(compact, maxBytes)
	if err != nil {
		return nil, err
	}
	return parseClaims(parts.payload)
}

func parseClaims(part string) (strictjson.Object, error) {
	payload, err := decode(part)
	if err != nil {
		return nil, err
	}
	claims, err := strictjson.Parse(payload)
	if err != nil {
		return nil, formError("jws.payload", problem(err))
	}
	return claims, nil
}
