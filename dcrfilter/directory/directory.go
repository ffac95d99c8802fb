// Package directory reads the directories of trust frameworks, as YAML, and software statements by their claim names.
// What the UK's directory is, is shipped beside this file; an administrator's own file extends it with CAs.
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

// maxFile bounds a file that is read, in bytes: a bundle of all European trust service providers' CAs is about 1 MB.
const maxFile = 4 << 20

// Directory is a directory with everything its file refers to.
type Directory struct {
	*dcr.Directory
	Anchors  map[string]*cert.Anchors // by certificate type
	Roots    *x509.CertPool           // CAs of the directory's HTTPS servers; the system's when nil
	CABundle []byte                   // all CAs of client certificates, each once, as PEM

	private []netip.Prefix
}

// Load reads a directory's file, checks the whole of it and reads the CA files it names, which are relative to it.
// Every problem is reported: the error is yamlfile.Problems, unless the file could not be read.
func Load(path string) (*Directory, error) { return LoadFrom(readBounded, path) }

// LoadFrom is Load with another way to read: it reads the directory's file and the CA files that it names through read
// alone, so that the caller knows all that the directory is made of. read is given the path itself and, for a CA file
// that is not absolute, its path from the path's folder.
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

// readBounded reads a file that must not be larger than any such file is.
func readBounded(path string) ([]byte, error) { return bounded.ReadFile(path, maxFile) }

// Client returns an HTTP client that reaches only what Policy allows.
func (d *Directory) Client() *outbound.Client { return outbound.New(d.Policy()) }

// Policy says where key sets of this directory and of its participants may be fetched from.
func (d *Directory) Policy() outbound.Policy {
	return outbound.Policy{Hosts: d.KeyHosts, Private: d.private, Roots: d.Roots}
}
