package cert

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

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

// CheckSubject refuses a subject with several CNs or organizationIdentifiers, because its holder would be ambiguous.
// Its errors are of type *Error.
func CheckSubject(subject dn.Name) error {
	if len(subject.Values(dn.CommonName)) > 1 || len(subject.Values(dn.OrganizationIdentifier)) > 1 {
		return refuse("certificate.subject", "the client certificate's subject has more than one CN or organizationIdentifier")
	}
	return nil
}
