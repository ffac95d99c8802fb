package directory

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"regexp"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// ErrUnknown says that the directory has no such software, or the software no such key.
var ErrUnknown = errors.New("the directory does not know it")

// ErrOrganisation refuses an org_id that would not be a path segment or the OU of a certificate.
var ErrOrganisation = errors.New("org_id must be 1 to 18 letters and digits")

var organisationID = regexp.MustCompile(`^[0-9A-Za-z]{1,18}$`)

// Order asks for a new software. What it leaves out is chosen: a new organisation, all roles of a TPP, one redirect
// URI. What it names is taken as it is, also what no bank should accept.
type Order struct {
	OrgID        string   `json:"org_id"`
	Roles        []string `json:"roles"`
	RedirectURIs []string `json:"redirect_uris"`
}

// Member is a software with all that its owner holds. Certificates, keys and the statement are texts in an answer of
// the directory, and names of files in world.json.
type Member struct {
	OrgID           string   `json:"org_id"`
	SoftwareID      string   `json:"software_id"`
	Roles           []string `json:"roles"`
	RedirectURIs    []string `json:"redirect_uris"`
	TransportCert   string   `json:"transport_cert"`
	TransportKey    string   `json:"transport_key"`
	TransportKeyID  string   `json:"transport_kid"`
	TransportSerial string   `json:"transport_serial"`
	SigningCert     string   `json:"signing_cert"`
	SigningKey      string   `json:"signing_key"`
	SigningKeyID    string   `json:"signing_kid"`
	JWKS            string   `json:"jwks_url"`
	Statement       string   `json:"ssa"`
}

// Enrol registers a new software: it mints its keys, certifies them, publishes them and signs its first statement.
func (d *Directory) Enrol(order Order) (*Member, error) {
	if order.OrgID == "" {
		order.OrgID = NewOrganisationID()
	}
	if !organisationID.MatchString(order.OrgID) {
		return nil, ErrOrganisation
	}
	s := &Software{OrgID: order.OrgID, SoftwareID: random(22), Roles: order.Roles, RedirectURIs: order.RedirectURIs}
	if s.Roles == nil {
		s.Roles = []string{"AISP", "PISP", "CBPII"}
	}
	if s.RedirectURIs == nil {
		s.RedirectURIs = []string{"https://" + strings.ToLower(s.SoftwareID) + ".example.com/callback"}
	}
	keys, err := pki.RSA(2)
	if err != nil {
		return nil, err
	}
	member, err := d.certify(s, keys[0], keys[1])
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.save(s); err != nil {
		return nil, err
	}
	d.software[s.SoftwareID] = s
	member.Statement, err = d.sign(s, Changes{})
	return member, err
}

func (d *Directory) certify(s *Software, transport, signing *rsa.PrivateKey) (*Member, error) {
	transportCert, err := d.issue(s, pki.Transport(s.OrgID, s.SoftwareID), transport, "tls")
	if err != nil {
		return nil, err
	}
	signingCert, err := d.issue(s, pki.Signing(s.OrgID, s.SoftwareID), signing, "sig")
	if err != nil {
		return nil, err
	}
	transportKey, err := pki.EncodeKey(transport)
	if err != nil {
		return nil, err
	}
	signingKey, err := pki.EncodeKey(signing)
	if err != nil {
		return nil, err
	}
	return &Member{
		OrgID: s.OrgID, SoftwareID: s.SoftwareID, Roles: s.Roles, RedirectURIs: s.RedirectURIs,
		TransportCert: string(pki.EncodeCertificate(transportCert.Certificate)), TransportKey: string(transportKey),
		TransportKeyID: transportCert.ID, TransportSerial: transportCert.Serial,
		SigningCert: string(pki.EncodeCertificate(signingCert.Certificate)), SigningKey: string(signingKey),
		SigningKeyID: signingCert.ID,
		JWKS:         d.softwareKeys(s, ""),
	}, nil
}

func (d *Directory) issue(s *Software, leaf x509.Certificate, key *rsa.PrivateKey, use string) (Key, error) {
	leaf.CRLDistributionPoints = []string{d.url + "/crl"}
	certificate, err := d.issuing.Issue(leaf, key.Public())
	if err != nil {
		return Key{}, err
	}
	jwk, err := pki.PublicJWK(key.Public(), use)
	if err != nil {
		return Key{}, err
	}
	issued := Key{ID: jwk.ID, Use: use, Serial: certificate.SerialNumber.String(), Certificate: certificate.Raw}
	s.Keys = append(s.Keys, issued)
	return issued, nil
}

// NewOrganisationID returns an id in the form of those that OBIE gives to organisations.
func NewOrganisationID() string { return "00158000" + random(10) }

// random returns n random letters and digits.
func random(n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text := make([]byte, n)
	for i := range text {
		index, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet)))) // crypto/rand's reader never fails
		text[i] = alphabet[index.Int64()]
	}
	return string(text)
}
