package envoy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// maxPEM is the size of a file of certificates at most: a bundle of some hundred CAs fits.
const maxPEM = 1 << 20

// minRSA is what Envoy takes at least: FAPI 1.0 Baseline asks for as many (section 5.2.2-5).
const minRSA = 2048

// readPEM reads a file that routes.yaml names. Its errors have that name, and not what the file holds.
func readPEM(file *routes.File, name string) ([]byte, error) {
	source, err := os.Open(file.Abs(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
	}
	defer source.Close() // read only: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(source, maxPEM+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
	}
	if len(text) > maxPEM {
		return nil, fmt.Errorf("%s: is larger than %d MiB", name, maxPEM>>20)
	}
	return text, nil
}

func withoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// pair returns the certificates of the one text and the key of the other, if that key is the first certificate's.
func pair(certificates, key []byte) (chain, private []byte, err error) {
	if chain, err = onlyCertificates(certificates); err != nil {
		return nil, nil, err
	}
	blocks, err := blocksOf(key)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(blocks, func(block *pem.Block) bool { return strings.HasSuffix(block.Type, "PRIVATE KEY") })
	if i < 0 {
		return nil, nil, errors.New("there is no private key in PEM")
	}
	private = pem.EncodeToMemory(blocks[i])
	both, err := tls.X509KeyPair(chain, private)
	if err != nil {
		return nil, nil, err
	}
	return chain, private, usable(both.Leaf)
}

// usable refuses the keys that Envoy refuses, and Ed25519, with which it would find no common ground with its clients.
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

// onlyCertificates returns the certificates of a text, without what else there is in it. There must be one, and all must
// be readable.
func onlyCertificates(text []byte) ([]byte, error) {
	blocks, err := blocksOf(text)
	if err != nil {
		return nil, err
	}
	var certificates bytes.Buffer
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, errors.New("a certificate cannot be read")
		}
		certificates.Write(pem.EncodeToMemory(block))
	}
	if certificates.Len() == 0 {
		return nil, errors.New("there is no certificate in PEM")
	}
	return certificates.Bytes(), nil
}

// blocksOf refuses a text that has the beginning of a block and not all of it: a file that is just being written.
func blocksOf(text []byte) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block)
	}
	if bytes.Count(text, []byte("-----BEGIN ")) != len(blocks) {
		return nil, errors.New("a PEM block is not complete")
	}
	return blocks, nil
}
