// Package pki makes the keys and certificates of a sandbox: a server CA, a trust framework's CAs, and what they issue. It is
// not for production: private keys lie in plain files, so that a tester can act as any participant, bank or directory.
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
	"os"
	"path/filepath"
	"sync"
)

// rsaBits is the size that open banking directories use, and the least FAPI allows (FAPI 1.0 Part 1, 5.2.2-5).
const rsaBits = 2048

// RSA makes n RSA keys in parallel: finding primes is the slowest step of a new sandbox.
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

// WriteFile writes a file whole or not at all: a reader never sees half of it.
func WriteFile(path string, text []byte, mode os.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone already once it is renamed
	if _, err := temporary.Write(text); err != nil {
		_ = temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	if err := os.Chmod(temporary.Name(), mode); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// WriteKey writes a private key as PKCS #8 PEM that only its owner may read.
func WriteKey(path string, key crypto.Signer) error {
	text, err := EncodeKey(key)
	if err != nil {
		return err
	}
	return WriteFile(path, text, 0o600)
}

// WriteCertificate writes a certificate as PEM.
func WriteCertificate(path string, der []byte) error {
	return WriteFile(path, EncodeCertificate(der), 0o644)
}
