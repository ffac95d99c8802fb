package envoy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// minRSA is the least that Envoy accepts, and that FAPI 1.0 Baseline requires (section 5.2.2-5).
const minRSA = 2048

// readPEM reads a file that routes.yaml names. Its errors quote that name, never the content.
func readPEM(file *routes.File, name string) ([]byte, error) {
	text, err := pemfile.Read(file.Abs(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// pair returns the certificates of one text and the key of the other, if the key belongs to the first certificate.
func pair(certificates, key []byte) (chain, private []byte, err error) {
	if chain, err = onlyCertificates(certificates); err != nil {
		return nil, nil, err
	}
	signer, err := pemfile.PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, nil, err
	}
	private = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	both, err := tls.X509KeyPair(chain, private)
	if err != nil {
		return nil, nil, err
	}
	return chain, private, usable(both.Leaf)
}

// usable refuses the keys that Envoy refuses, and Ed25519, which its TLS clients do not support.
func usable(leaf *x509.Certificate) error {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() >= minRSA {
			return nil
		}
	case *ecdsa.PublicKey:
		if key.Params().BitSize >= 256 {
			return nil
		}
	}
	return fmt.Errorf("the key must be RSA of %d bits or more, or ECDSA on P-256, P-384 or P-521", minRSA)
}

// onlyCertificates returns the certificates of a text, without anything else in it.
func onlyCertificates(text []byte) ([]byte, error) {
	certificates, err := pemfile.Certificates(text)
	var only bytes.Buffer
	for _, certificate := range certificates {
		only.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	}
	return only.Bytes(), err
}
