package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"testing"
)

// The tests sign and verify with the standard library alone, so that they judge this package from outside.

var testKeys = sync.OnceValue(func() (keys struct {
	rsa, otherRSA, weakRSA *rsa.PrivateKey
	ec, otherEC, ec384     *ecdsa.PrivateKey
	ed, otherEd            ed25519.PrivateKey
}) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var err error
	for bits, key := range map[int][]**rsa.PrivateKey{2048: {&keys.rsa, &keys.otherRSA}, 1024: {&keys.weakRSA}} {
		for _, key := range key {
			*key, err = rsa.GenerateKey(rand.Reader, bits)
			must(err)
		}
	}
	for _, key := range []**ecdsa.PrivateKey{&keys.ec, &keys.otherEC} {
		*key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
	}
	keys.ec384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	for _, key := range []*ed25519.PrivateKey{&keys.ed, &keys.otherEd} {
		_, *key, err = ed25519.GenerateKey(rand.Reader)
		must(err)
	}
	return keys
})

func b64[T ~string | ~[]byte](data T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(data))
}

// signature signs with the standard library; saltLength is that of PSS.
func signature(t testing.TB, key crypto.Signer, signed string, saltLength int) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(signed))
	var sig []byte
	var err error
	switch key := key.(type) {
	case *rsa.PrivateKey:
		sig, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: saltLength})
	case *ecdsa.PrivateKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, key, digest[:])
		sig = rawSignature(r, s, size)
	case ed25519.PrivateKey:
		sig = ed25519.Sign(key, []byte(signed))
	}
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func rawSignature(r, s *big.Int, size int) []byte {
	sig := make([]byte, 2*size)
	r.FillBytes(sig[:size])
	s.FillBytes(sig[size:])
	return sig
}

// compact makes a token, signed well.
func compact(t testing.TB, key crypto.Signer, header, payload string) string {
	t.Helper()
	signed := b64(header) + "." + b64(payload)
	return signed + "." + b64(signature(t, key, signed, sha256.Size))
}

// reference verifies as a plain reader of the standards would, with the standard library.
func reference(algorithm string, public crypto.PublicKey, token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	signed := []byte(parts[0] + "." + parts[1])
	digest := sha256.Sum256(signed)
	switch key := public.(type) {
	case *rsa.PublicKey:
		return algorithm == PS256 && rsa.VerifyPSS(key, crypto.SHA256, digest[:], sig, &rsa.PSSOptions{SaltLength: 32}) == nil
	case *ecdsa.PublicKey:
		return algorithm == ES256 && key.Curve == elliptic.P256() && len(sig) == 64 &&
			ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
	case ed25519.PublicKey:
		return algorithm == EdDSA && ed25519.Verify(key, signed, sig)
	}
	return false
}

func setOf(keys ...Key) KeySet { return KeySet{Signing: keys} }

var lax = Policy{Algorithms: []string{PS256, ES256, EdDSA}, Types: []string{"JWT", ""}, MaxBytes: 16 << 10}
