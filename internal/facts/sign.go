// Package facts signs and verifies what the gate passes on about a request: the header `x-dcr-facts`, a JWT whose claims are
// the message Facts, signed with the gate's key. The gate signs, the registry verifies; access tokens are in package token.
package facts

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Header is the request header that carries facts behind the gate.
const Header = "x-dcr-facts"

// Issuer is the iss of all facts.
const Issuer = "dcr-gate"

const (
	algorithm = "EdDSA"
	tokenType = "dcr-facts+jwt" // explicit typing, so that no other JWT is accepted as facts (RFC 8725, section 3.11)
)

// Signer signs facts with a key that lives as long as the process. It is safe for concurrent use.
type Signer struct {
	key ed25519.PrivateKey
	kid string
	jwk []byte
}

// NewSigner generates a key.
func NewSigner() (*Signer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key for facts: %w", err)
	}
	jwk, kid, err := jose.PublicJWK(public, algorithm)
	if err != nil {
		return nil, fmt.Errorf("publishing the key for facts: %w", err)
	}
	return &Signer{key: private, kid: kid, jwk: jwk}, nil
}

// KeyID is the RFC 7638 thumbprint of the key.
func (s *Signer) KeyID() string { return s.kid }

// JWK is the public key. Publish it before the first facts are passed on.
func (s *Signer) JWK() []byte { return s.jwk }

// Sign returns the facts as a compact JWT. They must have a lifetime of at most MaxLifetime; Sign adds the issuer.
func (s *Signer) Sign(f *dcrpb.Facts) (string, error) {
	f.Iss = Issuer
	if err := checkLifetime(f); err != nil {
		return "", err
	}
	// The generated fields carry the names of the message for encoding/json as well. Facts hold texts, lists, messages and
	// 32 bit numbers only, for which it writes what protojson reads, in a third of the time.
	claims, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("writing facts: %w", err)
	}
	return jose.Sign(s.key, jose.Header{Algorithm: algorithm, Type: tokenType, KeyID: s.kid}, claims)
}
