package cert

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// readSubject reads the DER of the subject into the certificate.
func (c *Certificate) readSubject(der []byte) error {
	subject, err := parseSubject(der)
	if err != nil {
		return err
	}
	of, err := IdentityOf(subject)
	if err != nil {
		return err
	}
	c.Subject, c.CommonName, c.Organisation, c.OrganisationalUnit = subject, of.CommonName, of.Organisation, of.OrganisationalUnit
	c.OrganisationIdentifier, c.AuthorisationNumber = of.OrganisationIdentifier, of.AuthorisationNumber
	return nil
}

func parseSubject(der []byte) (dn.Name, error) {
	subject, err := dn.ParseDER(der)
	switch {
	case errors.Is(err, dn.ErrForm):
		return nil, refuse("certificate.subject", "the client certificate's subject is empty or not well-formed")
	case err != nil:
		return nil, refuse("certificate.subject", "the client certificate's subject: "+err.Error())
	}
	return subject, nil
}
