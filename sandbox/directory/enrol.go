package directory

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// ErrUnknown means that the directory has no such software product, or the software product no such key.
var ErrUnknown = errors.New("the directory does not know it")

// ErrOrganisation refuses an org_id that would not be a path segment or the OU of a certificate.
var ErrOrganisation = errors.New("org_id is not of the form that this directory has")

// Order is a client's request for a new software product.
type Order = dcrclient.Order

// Member is the directory's answer to an Order.
type Member = dcrclient.Member

// Changes is what a client wants changed in a software statement.
type Changes = dcrclient.Changes

// Enrol registers a new software product: it generates its keys, certifies them, publishes them and signs its first
// statement.
func (d *Directory) Enrol(order Order) (*Member, error) {
	if order.OrgID == "" {
		order.OrgID = d.dialect.newOrganisation()
	}
	if !d.dialect.organisation.MatchString(order.OrgID) {
		return nil, fmt.Errorf("%w: want %s", ErrOrganisation, d.dialect.organisationForm)
	}
	s := &Software{OrgID: order.OrgID, SoftwareID: d.dialect.newSoftware(), Roles: order.Roles, RedirectURIs: order.RedirectURIs}
	if s.Roles == nil {
		s.Roles = d.dialect.roles
	}
	if s.RedirectURIs == nil {
		s.RedirectURIs = []string{"https://" + strings.ToLower(s.SoftwareID) + ".example.com/callback"}
	}
	member, err := d.certify(s, order)
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

// newKeys makes two keys of a type.
func newKeys(name string) (first, second crypto.Signer, err error) {
	switch name {
	case "", "RSA-2048":
		keys, err := pki.RSA(2)
		if err != nil {
			return nil, nil, err
		}
		return keys[0], keys[1], nil
	case "P-256":
		first, firstErr := pki.EC()
		second, secondErr := pki.EC()
		return first, second, errors.Join(firstErr, secondErr)
	}
	return nil, nil, fmt.Errorf("%w: key is RSA-2048 or P-256", errOrder)
}

func (d *Directory) certify(s *Software, order Order) (*Member, error) {
	kind, err := d.dialect.kindNamed(order.Kind)
	if err != nil {
		return nil, err
	}
	transportLeaf, signingLeaf, err := kind.certificates(s)
	if err != nil {
		return nil, err
	}
	transport, signing, err := newKeys(order.Key)
	if err != nil {
		return nil, err
	}
	tls, tlsErr := d.issue(s, kind, transportLeaf, transport, "tls")
	sig, sigErr := d.issue(s, kind, signingLeaf, signing, "sig")
	return &Member{
		OrgID: s.OrgID, SoftwareID: s.SoftwareID, Roles: s.Roles, RedirectURIs: s.RedirectURIs, JWKS: d.softwareKeys(s, ""),
		TransportCert: tls.certificate, TransportKey: tls.private, TransportKeyID: tls.ID, TransportSerial: tls.Serial,
		SigningCert: sig.certificate, SigningKey: sig.private, SigningKeyID: sig.ID,
	}, errors.Join(tlsErr, sigErr)
}

// An issued key has its certificate and its private half in PEM, which the directory does not keep.
type issued struct {
	Key
	certificate, private string
}

// issue certifies a key of the software product and lists it among those that it has.
func (d *Directory) issue(s *Software, by kind, leaf x509.Certificate, key crypto.Signer, use string) (issued, error) {
	issuer, list := d.issuing, "/crl"
	if by.qtsp {
		issuer, list = d.qtsp, "/qtsp/crl"
	}
	leaf.CRLDistributionPoints, leaf.OCSPServer = []string{d.url + list}, []string{d.url + "/ocsp"}
	certificate, err := issuer.Issue(leaf, key.Public())
	if err != nil {
		return issued{}, err
	}
	jwk, jwkErr := pki.PublicJWK(key.Public(), use)
	private, keyErr := pki.EncodeKey(key)
	one := Key{ID: jwk.ID, Use: use, Serial: certificate.SerialNumber.String(), Certificate: certificate.Raw}
	s.Keys = append(s.Keys, one)
	return issued{one, string(pki.EncodeCertificate(certificate.Raw)), string(private)}, errors.Join(jwkErr, keyErr)
}

type statementSigner struct {
	key crypto.Signer
	jwk pki.JWK
}

// Statement signs a software statement for a software product, or returns ErrUnknown.
func (d *Directory) Statement(softwareID string, changes Changes) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return "", ErrUnknown
	}
	return d.sign(s, changes)
}

func (d *Directory) sign(s *Software, changes Changes) (string, error) {
	// "alg MUST be ES256 or PS256" (OBIE directory specification). RS256 is here because banks must refuse it, and ES256
	// because they must where a register signs with PS256 alone. Any other alg is a text in the header only.
	algorithm := "PS256"
	if asked, _ := changes.Header["alg"].(string); asked == "ES256" || asked == "RS256" {
		algorithm = asked
	}
	signer := d.signers[0]
	if algorithm == "ES256" {
		signer = d.signers[1]
	}
	header := map[string]any{"alg": algorithm, "typ": "JWT", "kid": signer.jwk.ID}
	claims := d.dialect.claims(d, s)
	maps.Copy(header, changes.Header)
	maps.Copy(claims, changes.Claims)
	for _, name := range changes.Omit {
		delete(header, name)
		delete(claims, name)
	}
	return (&dcrclient.JWT{Header: header, Claims: claims, Key: signer.key, Algorithm: algorithm}).Compact()
}

// Publish adds a transport certificate that was made elsewhere to a software product's key set, as its owner may upload one.
// It may return ErrUnknown.
func (d *Directory) Publish(softwareID string, certificate *x509.Certificate) error {
	jwk, err := pki.PublicJWK(certificate.PublicKey, "tls")
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return ErrUnknown
	}
	s.Keys = append(s.Keys, Key{ID: jwk.ID, Use: "tls", Serial: certificate.SerialNumber.String(), Certificate: certificate.Raw})
	return d.save(s)
}

// publication is a certificate for the key set of a software product.
type publication struct {
	SoftwareID  string `json:"software_id"`
	Certificate string `json:"certificate"` // PEM
}

func (d *Directory) publishAsOrdered(order publication) (map[string]bool, error) {
	block, _ := pem.Decode([]byte(order.Certificate))
	if block == nil {
		return nil, errOrder
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errOrder
	}
	return map[string]bool{"published": true}, d.Publish(order.SoftwareID, certificate)
}
