// Package directory is a trust framework's directory for a sandbox: a CA that certifies participants, a signer of software
// statements, and the key sets that banks read. It follows the rules of a real one, in one of its dialects, so that a bank
// needs no special mode: only the trust anchors differ. Never use it in production: private keys lie in plain files.
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

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// The files of a directory, below its folder.
const (
	RootFile       = "root.pem"
	IssuingFile    = "issuing.pem"
	IssuingKeyFile = "issuing.key"
	QTSPFile       = "qtsp.pem" // a trust service provider, which issues QWACs
	QTSPKeyFile    = "qtsp.key"
	StatementKey   = "ssa.key"
	StatementJWKS  = "ssa.jwks"

	statementECKey = "ssa-ec.key"
	softwareFolder = "software"
	revokedFile    = "revoked.json"
)

// Directory is safe for concurrent use. Its state is also in its files, so that it survives a kill.
type Directory struct {
	dialect Dialect
	dir     string
	url     string // without a slash at the end
	issuing *pki.Authority
	qtsp    *pki.Authority
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

// Key is a certified key of a software product.
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

// Create makes a new directory: CAs and signing keys, in an empty folder. dir and url are those of all directories, of
// which this one has the part that its dialect names.
func (x Dialect) Create(dir, url string) (*Directory, error) {
	at := func(file string) string { return filepath.Join(dir, x.Folder, file) }
	if err := os.MkdirAll(at(softwareFolder), 0o700); err != nil {
		return nil, err
	}
	rootKey, issuingKey, statementKey, err := x.keys()
	if err != nil {
		return nil, err
	}
	root, err := pki.NewRoot(x.name("Root CA"), rootKey)
	if err != nil {
		return nil, err
	}
	issuing, err := root.Subordinate(x.name("Issuing CA"), issuingKey)
	if err != nil {
		return nil, err
	}
	elliptic, err := pki.EC()
	if err != nil {
		return nil, err
	}
	qtsp, err := newQTSP(x.name("Trust Service Provider CA"))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		pki.WriteCertificate(at(QTSPFile), qtsp.Certificate.Raw),
		pki.WriteKey(at(QTSPKeyFile), qtsp.Key),
		pki.WriteCertificate(at(RootFile), root.Certificate.Raw),
		pki.WriteCertificate(at(IssuingFile), issuing.Certificate.Raw),
		pki.WriteKey(at(IssuingKeyFile), issuing.Key),
		pki.WriteKey(at(StatementKey), statementKey),
		pki.WriteKey(at(statementECKey), elliptic),
	); err != nil {
		return nil, err
	}
	return x.Open(dir, url)
}

func newQTSP(subject pkix.Name) (*pki.Authority, error) {
	key, err := pki.EC()
	if err != nil {
		return nil, err
	}
	return pki.NewRoot(subject, key)
}

// Open reads a directory that Create has made, with all that was registered and revoked since.
func (x Dialect) Open(dir, url string) (*Directory, error) {
	dir = filepath.Join(dir, x.Folder)
	issuing, err := pki.ReadAuthority(filepath.Join(dir, IssuingFile), filepath.Join(dir, IssuingKeyFile))
	if err != nil {
		return nil, err
	}
	qtsp, err := pki.ReadAuthority(filepath.Join(dir, QTSPFile), filepath.Join(dir, QTSPKeyFile))
	if err != nil {
		return nil, err
	}
	d := &Directory{dialect: x, dir: dir, url: url + x.prefix, issuing: issuing, qtsp: qtsp, software: map[string]*Software{}}
	for _, file := range []string{StatementKey, statementECKey} {
		key, err := pemfile.ReadKey(filepath.Join(dir, file))
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

// WriteKeys writes the public keys that verify software statements to StatementJWKS.
func (d *Directory) WriteKeys() error {
	return writeJSON(filepath.Join(d.dir, StatementJWKS), map[string]any{"keys": d.signingKeys()})
}

// WriteSoftwareKeys writes the key set of a software product, as it is published, to a file.
func (d *Directory) WriteSoftwareKeys(m *Member, file string) error {
	keys, err := d.keys(m.OrgID, m.SoftwareID, false)
	if err != nil {
		return err
	}
	return writeJSON(file, map[string]any{"keys": keys})
}

// StatementKeyID is the kid under which software statements are signed.
func (d *Directory) StatementKeyID() string { return d.signers[0].jwk.ID }

// KeysURL is where the keys are that sign software statements.
func (d *Directory) KeysURL() string { return d.url + d.dialect.statementKeys }

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

// all returns every software product, sorted by id.
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
