// Package privatekey reads private keys as the tools of the field write them.
package privatekey

import (
	"crypto"
	"crypto/x509"
	"errors"
)

// ErrKind says that there is no key of a kind that signs. It is all that is said: an error of the parsers could quote the
// key.
var ErrKind = errors.New("holds no RSA or EC key")

// Parse reads a key that signs, out of the DER of PKCS #8 or of the older forms, PKCS #1 and SEC 1. Its error is ErrKind.
func Parse(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, ErrKind
}
