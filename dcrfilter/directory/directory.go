// Package directory reads descriptions of trust frameworks' directories from YAML, and reads software statements
// through them. The shipped directories are the YAML files in this folder; an administrator's own file extends one of
// them with CAs. The package verifies no signatures: dcrfilter/trust does.
package directory

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// maxFile is the largest file that is read, in bytes. A bundle of the CAs of all European trust service providers has
// about 1 MB.
const maxFile = 4 << 20

// Directory is a directory with the contents of all files it refers to.
type Directory struct {
	*dcr.Directory
	Anchors  map[string]*cert.Anchors // by certificate type
	Roots    *x509.CertPool           // CAs of the directory's HTTPS servers; nil means the system's
	CABundle []byte                   // all CAs of client certificates, each once, as PEM

	private []netip.Prefix
}

// Load reads and checks a directory's file and the CA files that it names. Their paths are relative to it. It reports
// all problems at once: the error is yamlfile.Problems, unless the file could not be read.
func Load(path string) (*Directory, error) { return LoadFrom(readBounded, path) }

// LoadFrom is Load with another way to read: it reads the directory's file and its CA files only through read, so that
// the caller knows every file the directory depends on. read receives path itself and, for a CA file with a relative
// path, its path joined with path's folder.
func LoadFrom(read func(path string) ([]byte, error), path string) (*Directory, error) {
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", path, err)
	}
	f, c := library.Read(path, text)
	if c.Whole() {
		resolve(c, &f.Directory)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	loaded := &Directory{Directory: &f.Directory, Anchors: map[string]*cert.Anchors{}}
	for _, address := range f.PrivateAddresses {
		prefix, err := parsePrefix(address)
		if err != nil {
			return nil, err // the check has read it
		}
		loaded.private = append(loaded.private, prefix)
	}
	loaded.readCAs(source{read: read, folder: filepath.Dir(path), found: c})
	if err := c.Err(); err != nil {
		return nil, err
	}
	return loaded, nil
}

// readBounded reads a file of at most maxFile bytes.
func readBounded(path string) ([]byte, error) { return bounded.ReadFile(path, maxFile) }

// Client returns an HTTP client that reaches only what Policy allows.
func (d *Directory) Client() *outbound.Client { return outbound.New(d.Policy()) }

// Policy returns where key sets of this directory and its participants may be fetched from.
func (d *Directory) Policy() outbound.Policy {
	return outbound.Policy{Hosts: d.KeyHosts, Private: d.private, Roots: d.Roots}
}
