package token

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// keyBits: "shall require and use a key of size 2048 bits or larger for RSA algorithms" (FAPI 1.0 Part 1, section
// 5.2.2). A larger one would make each check seven times slower.
const keyBits = 2048

// key is one of our signing keys. id is the RFC 7638 thumbprint of its public key.
type key struct {
	id        string
	private   *rsa.PrivateKey
	jwk       []byte
	set       jose.KeySet
	signsFrom time.Time
	future    bool // its creation is in the future, so that its age is not known
}

func newKey(private *rsa.PrivateKey) (key, error) {
	jwk, id, err := jose.PublicJWK(private.Public(), algorithm)
	if err != nil {
		return key{}, err
	}
	set, err := jose.ParseKeySet(document([][]byte{jwk}))
	if err != nil {
		return key{}, err
	}
	if len(set.Signing) != 1 {
		return key{}, errors.New("the key may not be used: RSA of 2048 to 8192 bits is needed")
	}
	return key{id: id, private: private, jwk: jwk, set: set}, nil
}

// parseKey reads a private key from PKCS #8 DER.
func parseKey(der []byte) (key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return key{}, errors.New("not a PKCS #8 private key")
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return key{}, errors.New("not an RSA key, which PS256 needs")
	}
	return newKey(private)
}

// makeKey returns a new key and its PKCS #8 DER.
func makeKey() (key, []byte, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return key{}, nil, fmt.Errorf("making a token key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return key{}, nil, fmt.Errorf("encoding a token key: %w", err)
	}
	k, err := newKey(private)
	return k, der, err
}

// snapshot is the immutable content of a ring between two loads.
type snapshot struct {
	keys []key                  // in order of preference for signing
	sets map[string]jose.KeySet // by kid, each of one key
	jwks []byte
}

func newSnapshot(keys []key) (*snapshot, error) {
	if len(keys) == 0 {
		return nil, errors.New("there are no token keys")
	}
	s := &snapshot{keys: keys, sets: map[string]jose.KeySet{}}
	jwks := make([][]byte, 0, len(keys))
	for _, k := range keys {
		s.sets[k.id] = k.set
		jwks = append(jwks, k.jwk)
	}
	s.jwks = document(jwks)
	return s, nil
}

// signing returns the first key that may sign now. If there is none, it returns the last key, which others have known
// for longest.
func (s *snapshot) signing(now time.Time) (key, bool) {
	if len(s.keys) == 0 {
		return key{}, false
	}
	if i := slices.IndexFunc(s.keys, func(k key) bool { return !now.Before(k.signsFrom) }); i >= 0 {
		return s.keys[i], true
	}
	return s.keys[len(s.keys)-1], true
}

// document writes a JWK Set.
func document(jwks [][]byte) []byte {
	return slices.Concat([]byte(`{"keys":[`), bytes.Join(jwks, []byte(",")), []byte("]}"))
}
