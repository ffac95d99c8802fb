// Package pki makes the keys and certificates of a sandbox: a server CA, a trust framework's CAs, and what they issue.
// Nothing here is meant for production: private keys lie about as files, so that a tester can do everything a
// participant, a bank or a directory can.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
)

// rsaBits is the size that open banking directories use, and the least FAPI allows (FAPI 1.0 Part 1, 5.2.2-5).
const rsaBits = 2048

// RSA makes n RSA keys, all at once: finding primes is what a new sandbox waits for.
func RSA(n int) ([]*rsa.PrivateKey, error) {
	keys, failures := make([]*rsa.PrivateKey, n), make([]error, n)
	var made sync.WaitGroup
	for i := range n {
		made.Go(func() { keys[i], failures[i] = rsa.GenerateKey(rand.Reader, rsaBits) })
	}
	made.Wait()
	return keys, errors.Join(failures...)
}

// EC makes a P-256 key.
func EC() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// EncodeKey writes a private key as PKCS #8 PEM.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
