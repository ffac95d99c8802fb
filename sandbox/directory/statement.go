package directory

import (
	"crypto"
	"maps"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

type statementSigner struct {
	key crypto.Signer
	jwk pki.JWK
}

// Statement signs a software statement for a software: ErrUnknown.
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
