// Package directory is a trust framework's directory on a laptop: a CA that certifies participants, a signer of
// software statements, and the key sets that banks read. It follows the rules of the real one (OBIE directory
// specification), so that a bank needs no switch to work with it: only its anchors differ.
package directory

import (
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Issuer is the iss of every software statement of the directory, as OBIE's own has it.
const Issuer = "OpenBanking Ltd"

// The files of a directory, below its folder.
const (
	RootFile       = "root.pem"
	IssuingFile    = "issuing.pem"
	IssuingKeyFile = "issuing.key"
	StatementKey   = "ssa.key"

	statementECKey = "ssa-ec.key"
	softwareFolder = "software"
	revokedFile    = "revoked.json"
)

// Directory is safe for concurrent use. What it knows is in its files as well: one that is killed and opened again has
// forgotten nothing.
type Directory struct {
	dir     string
	url     string // of its HTTPS server, without a slash at the end
	issuing *pki.Authority
	signers []statementSigner

	mu       sync.Mutex
	software map[string]*Software
	revoked  []Revocation
}

// Software is a TPP's software product as the directory knows it. Private keys are not kept.
type Software struct {
	OrgID        string   `json:"org_id"`
	SoftwareID   string   `json:"software_id"`
	Roles        []string `json:"roles"`
	RedirectURIs []string `json:"redirect_uris"`
	Keys         []Key    `json:"keys"`
}

// Key is a certified key of a software.
type Key struct {
	ID          string `json:"kid"`
	Use         string `json:"use"` // "sig" or "tls"
	Serial      string `json:"serial"`
	Certificate []byte `json:"certificate"` // DER
	Revoked     bool   `json:"revoked"`
}

// Revocation is a line of the certificate revocation list.
type Revocation struct {
	Serial string    `json:"serial"` // decimal
	Time   time.Time `json:"time"`
}

// Create makes a new directory: CAs and signing keys, in an empty folder.
func Create(dir, url string) (*Directory, error) {
	if err := os.MkdirAll(filepath.Join(dir, softwareFolder), 0o700); err != nil {
		return nil, err
	}
	keys, err := pki.RSA(3)
	if err != nil {
		return nil, err
	}
	root, err := pki.NewRoot(name("OpenBanking Sandbox Root CA"), keys[0])
	if err != nil {
		return nil, err
	}
	issuing, err := root.Subordinate(name("OpenBanking Sandbox Issuing CA"), keys[1])
	if err != nil {
		return nil, err
	}
	elliptic, err := pki.EC()
	if err != nil {
		return nil, err
	}
	at := func(file string) string { return filepath.Join(dir, file) }
	if err := errors.Join(
		pki.WriteCertificate(at(RootFile), root.Certificate.Raw),
		pki.WriteCertificate(at(IssuingFile), issuing.Certificate.Raw),
		pki.WriteKey(at(IssuingKeyFile), issuing.Key),
		pki.WriteKey(at(StatementKey), keys[2]),
		pki.WriteKey(at(statementECKey), elliptic),
	); err != nil {
		return nil, err
	}
	return Open(dir, url)
}

// Open reads a directory that Create has made, with all that was registered and revoked since.
func Open(dir, url string) (*Directory, error) {
	issuing, err := pki.ReadAuthority(filepath.Join(dir, IssuingFile), filepath.Join(dir, IssuingKeyFile))
	if err != nil {
		return nil, err
	}
	d := &Directory{dir: dir, url: url, issuing: issuing, software: map[string]*Software{}}
	for _, file := range []string{StatementKey, statementECKey} {
		key, err := pki.ReadKey(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		jwk, err := pki.PublicJWK(key.Public(), "sig")
		if err != nil {
			return nil, err
		}
		d.signers = append(d.signers, statementSigner{key: key, jwk: jwk})
	}
	return d, d.load()
}

// StatementKeyID is the kid under which software statements are signed.
func (d *Directory) StatementKeyID() string { return d.signers[0].jwk.ID }

// KeysURL is where the keys are that sign software statements.
func (d *Directory) KeysURL() string { return d.url + "/keystore/openbanking.jwks" }

func (d *Directory) load() error {
	files, err := filepath.Glob(filepath.Join(d.dir, softwareFolder, "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		var s Software
		if err := readJSON(file, &s); err != nil {
			return err
		}
		d.software[s.SoftwareID] = &s
	}
	err = readJSON(filepath.Join(d.dir, revokedFile), &d.revoked)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// all is every software, in the order of their ids.
func (d *Directory) all() []Software {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]Software, 0, len(d.software))
	for _, id := range slices.Sorted(maps.Keys(d.software)) {
		s := *d.software[id]
		s.Keys = slices.Clone(s.Keys)
		list = append(list, s)
	}
	return list
}

func (d *Directory) save(s *Software) error {
	return writeJSON(filepath.Join(d.dir, softwareFolder, s.SoftwareID+".json"), s)
}

func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(file, text, 0o600)
}

func name(common string) pkix.Name {
	return pkix.Name{CommonName: common, Organization: []string{"OpenBanking"}, Country: []string{"GB"}}
}
