package lint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

const (
	leastRSABits = 2048 // BCP 195 (RFC 9325, section 4.5): "MUST be at least 2048 bits"
	leastECBits  = 256  // Envoy accepts no shorter one
)

// missing reports whether a file is missing or not a regular file: the reader of routes.yaml has reported it.
func missing(err error) bool {
	return errors.Is(err, pemfile.ErrNoFile) || errors.Is(err, fs.ErrNotExist)
}

// chain is one or more certificates.
type chain []*x509.Certificate

func readChain(path string) (chain, error) {
	text, err := pemfile.Read(path)
	if err != nil {
		return nil, err
	}
	return pemfile.Certificates(text)
}

func readKey(path string) (crypto.Signer, error) {
	text, err := pemfile.Read(path)
	if err != nil {
		return nil, err
	}
	return pemfile.PrivateKey(text)
}

// has reports whether a key belongs to the first certificate.
func (c chain) has(key crypto.Signer) bool {
	public, ok := key.Public().(interface {
		Equal(other crypto.PublicKey) bool
	})
	return ok && public.Equal(c[0].PublicKey)
}

// weakness says why a careful client would reject the chain; "" if there is no reason.
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
		root := i > 0 && slices.Equal(certificate.RawIssuer, certificate.RawSubject) // its signature is not verified
		if !root && slices.Contains(broken, certificate.SignatureAlgorithm) {
			return fmt.Sprintf("certificate %d of the file is signed with %s, which can be forged", i+1, certificate.SignatureAlgorithm)
		}
	}
	return ""
}

var broken = []x509.SignatureAlgorithm{x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1}

// first returns the certificate that expires first.
func (c chain) first() (int, *x509.Certificate) {
	index := 0
	for i, certificate := range c {
		if certificate.NotAfter.Before(c[index].NotAfter) {
			index = i
		}
	}
	return index, c[index]
}
