package directory

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// source says where a directory's CA files are, and collects their problems.
type source struct {
	read   func(path string) ([]byte, error)
	folder string // names are relative to it
	found  *yamlfile.Check
}

// readCAs reads the CA files that the directory names.
func (d *Directory) readCAs(from source) {
	seen := map[[sha256.Size]byte]bool{}
	for i, kind := range d.Certificates {
		where := fmt.Sprintf("certificates[%d].ca", i)
		texts, ok := from.texts(where, kind.CA)
		if !ok {
			continue
		}
		anchors, err := cert.NewAnchors(texts...)
		if err != nil {
			from.found.Add(invalid, where, "%v", err)
			continue
		}
		d.Anchors[kind.Type] = anchors
		for _, text := range texts {
			d.CABundle = appendNew(d.CABundle, text, seen)
		}
	}
	if len(d.TLSCA) == 0 {
		return
	}
	texts, _ := from.texts("tls_ca", d.TLSCA)
	d.Roots = x509.NewCertPool()
	for _, text := range texts {
		d.Roots.AppendCertsFromPEM(text)
	}
}

// texts reads PEM files. Each must contain CA certificates and nothing else.
func (s source) texts(where string, paths []string) (texts [][]byte, ok bool) {
	ok = true
	for i, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.folder, path)
		}
		text, err := s.read(path)
		if err == nil {
			err = checkCAs(path, text)
		}
		if err != nil {
			s.found.Add(invalid, fmt.Sprintf("%s[%d]", where, i), "%v", err)
			ok = false
		}
		texts = append(texts, text)
	}
	return texts, ok
}

func checkCAs(path string, text []byte) error {
	if len(text) > maxFile {
		return fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	if _, err := cert.NewAnchors(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// appendNew appends the certificates of a PEM text that are not in seen. It drops the text around them.
func appendNew(bundle, text []byte, seen map[[sha256.Size]byte]bool) []byte {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if digest := sha256.Sum256(block.Bytes); !seen[digest] {
			seen[digest] = true
			bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
	}
	return bundle
}
