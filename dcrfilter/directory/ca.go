package directory

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// readCAs reads the CA files that the directory names, relative to its folder.
func (d *Directory) readCAs(folder string) error {
	seen := map[[sha256.Size]byte]bool{}
	for i, kind := range d.Certificates {
		texts, err := readTexts(folder, kind.CA)
		if err != nil {
			return fmt.Errorf("certificates[%d].ca: %w", i, err)
		}
		if d.Anchors[kind.Profile], err = cert.NewAnchors(texts...); err != nil {
			return fmt.Errorf("certificates[%d].ca: %w", i, err)
		}
		for _, text := range texts {
			d.CABundle = appendNew(d.CABundle, text, seen)
		}
	}
	if len(d.TLSCA) == 0 {
		return nil
	}
	texts, err := readTexts(folder, d.TLSCA)
	if err != nil {
		return fmt.Errorf("tls_ca: %w", err)
	}
	d.Roots = x509.NewCertPool()
	for _, text := range texts {
		d.Roots.AppendCertsFromPEM(text)
	}
	return nil
}

// readTexts reads PEM files, each of which must hold CA certificates and nothing else.
func readTexts(folder string, paths []string) ([][]byte, error) {
	var texts [][]byte
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		text, err := readBounded(path)
		if err != nil {
			return nil, err
		}
		if _, err := cert.NewAnchors(text); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// appendNew appends the certificates of a PEM text that were not seen yet, without what stands around them.
func appendNew(bundle, text []byte, seen map[[sha256.Size]byte]bool) []byte {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if digest := sha256.Sum256(block.Bytes); !seen[digest] {
			seen[digest] = true
			bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	return bundle
}
