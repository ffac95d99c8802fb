package lint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/privatekey"
)

const (
	maxPEM       = 1 << 20
	leastRSABits = 2048 // BCP 195 (RFC 9325, section 4.5): "MUST be at least 2048 bits"
	leastECBits  = 256  // Envoy takes no shorter one
)

// reader reads PEM files, each once.
type reader struct{ seen map[string]content }

type content struct {
	text []byte
	err  error
}

// errNoFile is for what is not there, or is no file: the reader of routes.yaml has said so.
var errNoFile = errors.New("is not a file")

func missing(err error) bool { return errors.Is(err, errNoFile) || errors.Is(err, fs.ErrNotExist) }

func (r *reader) read(path string) ([]byte, error) {
	have, ok := r.seen[path]
	if !ok {
		have.text, have.err = readPEM(path)
		r.seen[path] = have
	}
	return have.text, have.err
}

func readPEM(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer file.Close() // read only: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(file, maxPEM+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if len(text) > maxPEM {
		return nil, errors.New("is larger than 1 MiB")
	}
	return text, nil
}

// chain is one certificate or more.
type chain []*x509.Certificate

func (r *reader) chain(path string) (chain, error) {
	text, err := r.read(path)
	if err != nil {
		return nil, err
	}
	var c chain
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the file is none: %w", len(c)+1, err)
		}
		c = append(c, certificate)
	}
	if len(c) == 0 {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return c, nil
}

// key reads a private key: PKCS #8, or the older forms of RSA and EC keys.
func (r *reader) key(path string) (crypto.Signer, error) {
	text, err := r.read(path)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("is encrypted: nobody could enter its password")
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		return privatekey.Parse(block.Bytes)
	}
	return nil, errors.New("holds no private key in PEM form")
}

// has says whether a key is that of the first certificate.
func (c chain) has(key crypto.Signer) bool {
	public, ok := key.Public().(interface {
		Equal(other crypto.PublicKey) bool
	})
	return ok && public.Equal(c[0].PublicKey)
}

// weakness says why a client that minds would not take the chain; "" where there is no reason.
func (c chain) weakness() string {
	for i, certificate := range c {
		switch key := certificate.PublicKey.(type) {
		case *rsa.PublicKey:
			if key.N.BitLen() < leastRSABits {
				return fmt.Sprintf("certificate %d of the file has an RSA key of %d bits: at least %d are needed", i+1, key.N.BitLen(), leastRSABits)
			}
		case *ecdsa.PublicKey:
			if key.Curve.Params().BitSize < leastECBits {
				return fmt.Sprintf("certificate %d of the file has an EC key of %d bits: at least %d are needed", i+1, key.Curve.Params().BitSize, leastECBits)
			}
		}
		root := i > 0 && slices.Equal(certificate.RawIssuer, certificate.RawSubject) // nobody looks at its signature
		if !root && slices.Contains(broken, certificate.SignatureAlgorithm) {
			return fmt.Sprintf("certificate %d of the file is signed with %s, which can be forged", i+1, certificate.SignatureAlgorithm)
		}
	}
	return ""
}

var broken = []x509.SignatureAlgorithm{x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1}

// first is the certificate that ends first.
func (c chain) first() (int, *x509.Certificate) {
	index := 0
	for i, certificate := range c {
		if certificate.NotAfter.Before(c[index].NotAfter) {
			index = i
		}
	}
	return index, c[index]
}
