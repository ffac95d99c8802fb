package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// MaxKeys is how many keys for signatures a set may have. Keys for other uses and unusable keys do not count.
const MaxKeys = 64

// MaxKeySetBytes is how large the document of a set may be.
const MaxKeySetBytes = 256 << 10

// Key is a public key that may verify signatures.
type Key struct {
	ID        string // kid; "" if there is none
	Algorithm string // alg; "" if there is none
	Public    crypto.PublicKey
}

// Thumbprint is the RFC 7638 SHA-256 thumbprint of the key, in base64url: its name under any kid. It is "" for a key that
// this package does not support.
func (k Key) Thumbprint() string {
	required, err := members(k.Public)
	if err != nil {
		return ""
	}
	return required.thumbprint()
}

// KeySet is a JWK Set reduced to usable keys: RSA keys of 2048 to 8192 bits, EC P-256, Ed25519; no symmetric and
// no private keys. The zero value verifies nothing.
type KeySet struct {
	Signing      []Key           // keys with use "sig" (or without use), for signatures
	Members      int             // how many members the set has, of any use, usable or not
	KeyIDs       map[string]bool // kid of every member, of any use: for revoked sets
	Thumbprints  map[string]bool // RFC 7638 thumbprint of every supported key, of any use: for revoked sets
	Certificates map[string]bool // x5t#S256 of every member's certificate, recomputed from x5c if present
	TLS          map[string]bool // those of Certificates whose use is "tls" and whose private key is not in the set
	Subjects     []dn.Name       // of the certificates in TLS, as far as x5c has them
	Certified    time.Time       // when the last of the certificates in x5c of Signing ends; zero if there is none
}

// A LimitError says that a JWK Set was received but has more than this package reads. Its text is a clause for the set's
// owner: "it has 65 keys for signatures; at most 64 are read".
type LimitError string

func (e LimitError) Error() string { return string(e) }

// ParseKeySet parses a JWK Set (RFC 7517). It skips members that it cannot use, for whatever reason; a document that is not
// a key set is an error, and one beyond a limit a LimitError.
func ParseKeySet(document []byte) (KeySet, error) {
	if len(document) > MaxKeySetBytes {
		return KeySet{}, LimitError(fmt.Sprintf("it is larger than the %d bytes that are read", MaxKeySetBytes))
	}
	values, err := strictjson.Items(document, "keys")
	if err != nil {
		return KeySet{}, fmt.Errorf("key set: %w", err)
	}
	if len(values) > strictjson.MaxValues {
		return KeySet{}, LimitError(fmt.Sprintf("it has %d keys; at most %d are read", len(values), strictjson.MaxValues))
	}
	set := KeySet{Members: len(values), KeyIDs: map[string]bool{}, Thumbprints: map[string]bool{}, Certificates: map[string]bool{}, TLS: map[string]bool{}}
	for _, value := range values {
		// "JWK parsers MUST either reject JWKs with duplicate member names or use a JSON parser that returns only the
		// lexically last duplicate member name" (RFC 7517, section 4)
		if member, err := strictjson.Parse(value); err == nil {
			set.add(member)
		}
	}
	if len(set.Signing) > MaxKeys {
		return KeySet{}, LimitError(fmt.Sprintf("it has %d keys for signatures; at most %d are read", len(set.Signing), MaxKeys))
	}
	return set, nil
}

func (s *KeySet) add(member strictjson.Object) {
	if id, err := member.String("kid"); err == nil && id != "" {
		s.KeyIDs[id] = true
	}
	if thumbprint := certificateThumbprint(member); thumbprint != "" {
		s.Certificates[thumbprint] = true
		if use, err := member.String("use"); err == nil && use == "tls" && !private(member) {
			s.TLS[thumbprint] = true
			if subject := certificateSubject(member); subject != nil {
				s.Subjects = append(s.Subjects, subject)
			}
		}
	}
	public, ok := publicKey(member)
	if !ok {
		return
	}
	s.Thumbprints[Key{Public: public}.Thumbprint()] = true
	if key, ok := signingKey(member, public); ok {
		s.Signing = append(s.Signing, key)
		if certificate := certificateOf(member); certificate != nil && certificate.NotAfter.After(s.Certified) {
			s.Certified = certificate.NotAfter
		}
	}
}

// Revokes reports whether this set of revoked keys has one of the keys, by a kid or by the thumbprint.
func (s KeySet) Revokes(keys []Key) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return s.KeyIDs[k.ID] || s.Thumbprints[k.Thumbprint()] })
}

// "Implementations SHOULD ignore JWKs within a JWK Set that use kty values that are not understood by them, that are
// missing required members, or for which values are out of the supported ranges" (RFC 7517, section 5).
func signingKey(member strictjson.Object, public crypto.PublicKey) (Key, bool) {
	id, idFits := optional(member, "kid")
	algorithm, algorithmFits := optional(member, "alg")
	if !idFits || !algorithmFits || private(member) || !forSignatures(member) {
		return Key{}, false
	}
	return Key{ID: id, Algorithm: algorithm, Public: public}, true
}

// has reports whether a member is present. "Use of this member is OPTIONAL" (RFC 7517, sections 4.2 to 4.5): some writers
// have null for a member that they do not use.
func has(member strictjson.Object, name string) bool {
	return member.Has(name) && string(member[name]) != "null"
}

// forSignatures checks the use of the key: a TLS or encryption key must not verify tokens.
func forSignatures(member strictjson.Object) bool {
	if has(member, "use") {
		if use, err := member.String("use"); err != nil || use != "sig" {
			return false
		}
	}
	if has(member, "key_ops") {
		if operations, err := member.Strings("key_ops"); err != nil || !slices.Contains(operations, "verify") {
			return false
		}
	}
	return true
}

// private reports whether the member holds a symmetric or private key (RFC 7518, section 6), which is thereby compromised.
func private(member strictjson.Object) bool {
	return slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, func(name string) bool { return has(member, name) })
}

// optional returns a member that, if it is there, must be a string.
func optional(member strictjson.Object, name string) (value string, fits bool) {
	if !has(member, name) {
		return "", true
	}
	value, err := member.String(name)
	return value, err == nil
}

// certificateThumbprint returns the base64url SHA-256 of the member's certificate; "" if it has none. OBIE publishes
// x5t#S256 with padding, against RFC 7517 (section 4.9), so it is better taken from the certificate itself.
func certificateThumbprint(member strictjson.Object) string {
	if chain, err := member.Strings("x5c"); err == nil && len(chain) > 0 {
		der, err := base64.StdEncoding.DecodeString(chain[0])
		if err == nil && len(der) > 0 {
			sum := sha256.Sum256(der)
			return base64url.EncodeToString(sum[:])
		}
	}
	named, err := member.String("x5t#S256")
	if err != nil {
		return ""
	}
	thumbprint := strings.TrimRight(named, "=")
	if sum, err := decode(thumbprint); err != nil || len(sum) != sha256.Size {
		return ""
	}
	return thumbprint
}

// publicKey reads the public key of a JWK. ok is false if the key must not be used.
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

// octets decodes a member; it returns nil if it cannot.
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
