package directory

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// crlLife is how long a revocation list may be used: a day, as one is signed for each request.
const crlLife = 24 * time.Hour

func (d *Directory) softwareKeys(s *Software, folder string) string {
	return d.url + "/" + s.OrgID + folder + "/" + s.SoftwareID + ".jwks"
}

// The organisation's own set holds keys that belong to no software product. The sandbox certifies none, so it is empty.
func (d *Directory) organisationKeys(s *Software, folder string) string {
	return d.url + "/" + s.OrgID + folder + "/" + s.OrgID + ".jwks"
}

// signingKeys is the set that verifies software statements.
func (d *Directory) signingKeys() []pki.JWK {
	keys := make([]pki.JWK, 0, len(d.signers))
	for _, signer := range d.signers {
		keys = append(keys, signer.jwk)
	}
	return keys
}

// keys returns the set of valid or revoked keys of a software product or organisation, or ErrUnknown.
func (d *Directory) keys(orgID, id string, revoked bool) ([]pki.JWK, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id == orgID && d.hasOrganisation(orgID) {
		return []pki.JWK{}, nil
	}
	s, ok := d.software[id]
	if !ok || s.OrgID != orgID {
		return nil, ErrUnknown
	}
	keys := []pki.JWK{}
	for _, key := range s.Keys {
		if key.Revoked != revoked || !slices.Contains(d.dialect.published, key.Use) {
			continue
		}
		jwk, err := pki.CertificateJWK(key.Certificate, key.Use)
		if err != nil {
			return nil, err
		}
		keys = append(keys, jwk)
	}
	return keys, nil
}

func (d *Directory) hasOrganisation(id string) bool {
	for _, s := range d.software {
		if s.OrgID == id {
			return true
		}
	}
	return false
}

// RevokeKey moves a software product's key and its certificate to the revoked set, or returns ErrUnknown.
func (d *Directory) RevokeKey(softwareID, keyID string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return ErrUnknown
	}
	for i := range s.Keys {
		if s.Keys[i].ID == keyID {
			return d.revoke(s, i)
		}
	}
	return ErrUnknown
}

// RevokeCertificate puts a serial number on the revocation list. A key that the directory certified under it moves to its
// software product's revoked set; a certificate that someone else made with the issuing CA's key is listed too.
func (d *Directory) RevokeCertificate(serial *big.Int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.software {
		for i := range s.Keys {
			if s.Keys[i].Serial == serial.String() {
				return d.revoke(s, i)
			}
		}
	}
	return d.list(serial.String())
}

func (d *Directory) revoke(s *Software, index int) error {
	s.Keys[index].Revoked = true
	if err := d.save(s); err != nil {
		return err
	}
	return d.list(s.Keys[index].Serial)
}

func (d *Directory) list(serial string) error {
	for _, r := range d.revoked {
		if r.Serial == serial {
			return nil
		}
	}
	d.revoked = append(d.revoked, Revocation{Serial: serial, Time: time.Now().UTC()})
	return writeJSON(filepath.Join(d.dir, revokedFile), d.revoked)
}

// revocationList signs a fresh CRL (RFC 5280, section 5). Those of both CAs name all revoked serial numbers, which are
// random.
func (d *Directory) revocationList(issuer *pki.Authority) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	template := &x509.RevocationList{Number: big.NewInt(now.UnixMicro()), ThisUpdate: now, NextUpdate: now.Add(crlLife)}
	for _, r := range d.revoked {
		serial, ok := new(big.Int).SetString(r.Serial, 10)
		if !ok {
			return nil, fmt.Errorf("%s: a serial number is not decimal", revokedFile)
		}
		entry := x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.Time}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, entry)
	}
	return x509.CreateRevocationList(rand.Reader, template, issuer.Certificate, issuer.Key)
}

func writeKeySet(w http.ResponseWriter, r *http.Request, keys []pki.JWK) error {
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		return err
	}
	digest := sha256.Sum256(text)
	// A second, so that the bank sees a revocation as soon as it fetches again.
	w.Header().Set("Cache-Control", "max-age=1")
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("ETag", fmt.Sprintf("%q", hex.EncodeToString(digest[:8])))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	return nil
}
