// Package directory reads the directories of trust frameworks, as YAML, and software statements by their claim names.
// What the UK's directory is, is shipped beside this file; an administrator's own file extends it with CAs.
package directory

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/strictyaml"
)

// what is in the files that are read here, as errors say.
const what = "directory"

// Directory is a directory with everything its file refers to.
type Directory struct {
	*dcr.Directory
	Anchors  map[string]*cert.Anchors // by certificate profile
	Roots    *x509.CertPool           // CAs of the directory's HTTPS servers; the system's when nil
	CABundle []byte                   // all CAs of client certificates, each once, as PEM

	private []netip.Prefix
}

// Load reads a directory's file, checks the whole of it and reads the CA files it names, which are relative to it.
// Every fault is reported, with the line and the key it is at: the error is of type *strictyaml.Invalid.
func Load(path string) (*Directory, error) { return LoadFrom(readBounded, path) }

// LoadFrom is Load with another way to read: it reads the directory's file and the CA files that it names through read
// alone, so that the caller knows all that the directory is made of. read is given the path itself and, for a CA file
// that is not absolute, its path from the path's folder.
func LoadFrom(read func(path string) ([]byte, error), path string) (*Directory, error) {
	text, err := read(path)
	if err != nil {
		return nil, strictyaml.Unread(what, path, text, err)
	}
	definition, err := decode(text, maxExtends)
	if err != nil {
		return nil, strictyaml.Unread(what, path, text, err)
	}
	found := append(check(definition), checkCertificates(definition.Certificates)...)
	if err := found.Err(what, path, text); err != nil {
		return nil, err
	}
	loaded := &Directory{Directory: definition, Anchors: map[string]*cert.Anchors{}}
	loaded.readCAs(source{read: read, folder: filepath.Dir(path), faults: &found})
	for i, address := range definition.PrivateAddresses {
		prefix, err := parsePrefix(address)
		if err != nil {
			found.Failed(fmt.Sprintf("private_addresses[%d]", i), err)
		}
		loaded.private = append(loaded.private, prefix)
	}
	if err := found.Err(what, path, text); err != nil {
		return nil, err
	}
	return loaded, nil
}

// Policy says where key sets of this directory and of its participants may be fetched from.
func (d *Directory) Policy() outbound.Policy {
	return outbound.Policy{Hosts: d.KeyHosts, Private: d.private, Roots: d.Roots}
}

// parsePrefix reads an IP address, or a network in CIDR notation.
func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Masked() != prefix {
		return netip.Prefix{}, errors.New("each must be an IP address or a network as 10.0.0.0/8")
	}
	return prefix, nil
}
