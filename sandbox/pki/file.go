package pki

import (
	"crypto"
	"fmt"
	"os"
	"path/filepath"
)

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

// ReadAuthority reads a CA's certificate and key from their files.
func ReadAuthority(certificate, key string) (*Authority, error) {
	certificateText, err := os.ReadFile(certificate)
	if err != nil {
		return nil, err
	}
	keyText, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	authority, err := ParseAuthority(certificateText, keyText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificate, err)
	}
	return authority, nil
}
