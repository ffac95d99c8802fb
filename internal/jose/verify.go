package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// maxCandidates bounds the keys that are tried for one token.
const maxCandidates = 16

// RSA keys: "A key of size 2048 bits or larger MUST be used" (RFC 7518, section 3.5); the upper bounds keep a
// verification cheap, and an exponent must fit 31 bits, or crypto/rsa refuses it.
const (
	minModulusBits = 2048
	maxModulusBits = 8192
	minExponent    = 65537
	maxExponent    = 1<<31 - 1
)

// Verify checks the signature with the candidates that the set has for the token's alg and kid, at most 16 of them.
// It fails with ErrSignature.
func (u *Unverified) Verify(keys KeySet) (*Verified, error) {
	candidates := slices.DeleteFunc(slices.Clone(keys.Signing), func(key Key) bool { return !u.mayBeOf(key) })
	for _, key := range candidates[:min(len(candidates), maxCandidates)] {
		if verifies(key.Public, []byte(u.signed), u.signature) {
			return &Verified{Claims: u.Claims, Raw: u.Raw, Keys: keys.namesOf(key)}, nil
		}
	}
	return nil, ErrSignature
}

// namesOf returns the key, and the same key under other kids of the set.
func (s KeySet) namesOf(key Key) []Key {
	same := []Key{key}
	for _, other := range s.Signing {
		if public, ok := other.Public.(interface{ Equal(crypto.PublicKey) bool }); ok && other.ID != key.ID && public.Equal(key.Public) {
			same = append(same, other)
		}
	}
	return same
}

// "Each key MUST be used with exactly one algorithm, and this MUST be checked when the cryptographic operation is
// performed" (RFC 8725, section 3.1).
func (u *Unverified) mayBeOf(key Key) bool {
	if u.KeyID != "" && key.ID != u.KeyID {
		return false
	}
	if key.Algorithm != "" && key.Algorithm != u.Algorithm {
		return false
	}
	return suits(key.Public, u.Algorithm)
}

// suits reports whether a public key may be used with the algorithm: RSA of 2048 to 8192 bits, P-256, Ed25519.
func suits(public crypto.PublicKey, algorithm string) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return algorithm == PS256 && strong(key)
	case *ecdsa.PublicKey:
		return algorithm == ES256 && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return algorithm == EdDSA && len(key) == ed25519.PublicKeySize
	}
	return false
}

// strong reports whether an RSA key is neither weak nor malformed: modulus and exponent must be odd.
func strong(key *rsa.PublicKey) bool {
	bits := key.N.BitLen()
	return minModulusBits <= bits && bits <= maxModulusBits && key.N.Bit(0) == 1 &&
		minExponent <= key.E && key.E <= maxExponent && key.E%2 == 1
}

// verifies checks a signature with the algorithm of the key's type. It does not leave PS256 to the library, which accepts a
// salt of any length: "the size of the salt value is the same size as the hash function output" (RFC 7518,
// section 3.5).
func verifies(public crypto.PublicKey, signed, signature []byte) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		digest := sha256.Sum256(signed)
		exact := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, exact) == nil
	case *ecdsa.PublicKey:
		return libraryVerifies(jwa.ES256, key, signed, signature)
	case ed25519.PublicKey:
		return libraryVerifies(jwa.EdDSA, key, signed, signature)
	}
	return false
}

func libraryVerifies(algorithm jwa.SignatureAlgorithm, public crypto.PublicKey, signed, signature []byte) bool {
	verifier, err := jws.NewVerifier(algorithm)
	return err == nil && verifier.Verify(signed, signature, public) == nil
}
