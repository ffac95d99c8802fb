// Package pemfile reads certificates and private keys from PEM files as common tools write them. Its errors complete a
// sentence that begins with the file's name, and quote no content, which may be a key.
package pemfile

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

// maxSize is the maximum size of a file: a bundle of some hundred CAs fits.
const maxSize = 1 << 20

// Errors that callers tell apart.
var (
	ErrNoFile = errors.New("is not a file") // but a folder, or a device
	ErrKind   = errors.New("holds no RSA or EC key")
)

// Read reads a regular file of at most 1 MiB. Errors: fs.ErrNotExist, ErrNoFile, and others.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case !info.Mode().IsRegular():
		return nil, ErrNoFile
	case info.Size() > maxSize:
		return nil, fmt.Errorf("is larger than %d MiB", maxSize>>20)
	}
	text, err := bounded.ReadFile(path, maxSize)
	return text, withoutPath(err)
}

func withoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// Certificates returns all certificates of a text, at least one. It ignores blocks of other types.
func Certificates(text []byte) ([]*x509.Certificate, error) {
	blocks, err := Blocks(text)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the file is malformed", len(all)+1)
		}
		all = append(all, certificate)
	}
	if len(all) == 0 {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return all, nil
}

// PrivateKey returns the first private key of a text: PKCS #8, or the older forms of RSA and EC keys.
func PrivateKey(text []byte) (crypto.Signer, error) {
	blocks, err := Blocks(text)
	if err != nil {
		return nil, err
	}
	for _, block := range blocks {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("is encrypted: there is no way to enter its password")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return parseKey(block.Bytes)
		}
	}
	return nil, errors.New("holds no private key in PEM form")
}

// ReadKey is PrivateKey for a file; its errors have the file's name.
func ReadKey(path string) (crypto.Signer, error) {
	text, err := Read(path)
	if err == nil {
		var key crypto.Signer
		if key, err = PrivateKey(text); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// parseKey parses a signing key. It hides the parsers' errors, which could quote the key.
func parseKey(der []byte) (crypto.Signer, error) {
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

// Blocks returns all blocks of a text. Text between blocks is allowed, as openssl writes it. A malformed block is an error,
// although pem.Decode would skip it: the file may be half written.
func Blocks(text []byte) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block)
	}
	if bytes.Count(text, []byte("-----BEGIN ")) != len(blocks) {
		return nil, errors.New("a PEM block is not complete")
	}
	return blocks, nil
}
