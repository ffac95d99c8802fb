package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// organizationIdentifier has the authorisation number: "PSD" country "-" authority "-" number (ETSI TS 119 495, section
// 5.2.1).
var organizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

// roleNumbers are the last numbers of the roles' OIDs, 0.4.0.19495.1.N (ETSI TS 119 495, section 5.1).
var roleNumbers = map[string]int{"ASPSP": 1, "PISP": 2, "AISP": 3, "CBPII": 4}

// Qualified is a certificate for TLS clients and servers that says what its holder is authorised for, as an OBWAC and a
// QWAC do: the subject has the authorisation number, and a PSD2 qcStatement the roles.
func Qualified(commonName, identifier string, roles []string) (x509.Certificate, error) {
	statement, err := psd2(roles)
	leaf := Transport("", "")
	leaf.Subject = qualified(commonName, identifier)
	leaf.ExtraExtensions = []pkix.Extension{statement}
	return leaf, err
}

// QualifiedSigning has the subject of the certificate for TLS, and is of no use for TLS.
func QualifiedSigning(commonName, identifier string) x509.Certificate {
	return signing(qualified(commonName, identifier))
}

func qualified(commonName, identifier string) pkix.Name {
	return pkix.Name{
		CommonName: commonName, Organization: []string{"Sandbox TPP"}, Country: []string{"GB"},
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: organizationIdentifier, Value: identifier}},
	}
}

// psd2 is the extension qcStatements with the PSD2 statement: "PSD2QcType ::= SEQUENCE { rolesOfPSP RolesOfPSP, nCAName
// NCAName, nCAId NCAId }" (ETSI TS 119 495, annex A).
func psd2(roles []string) (pkix.Extension, error) {
	type role struct {
		ID   asn1.ObjectIdentifier
		Name string `asn1:"utf8"`
	}
	type info struct {
		Roles          []role
		NCAName, NCAID string `asn1:"utf8"`
	}
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info info
	}
	said := statement{asn1.ObjectIdentifier{0, 4, 0, 19495, 2}, info{Roles: []role{}, NCAName: "Sandbox Authority", NCAID: "GB-OB"}}
	for _, name := range roles {
		number := roleNumbers[name]
		if number == 0 {
			return pkix.Extension{}, fmt.Errorf("a certificate cannot name the role %q", name)
		}
		said.Info.Roles = append(said.Info.Roles, role{asn1.ObjectIdentifier{0, 4, 0, 19495, 1, number}, name})
	}
	der, err := asn1.Marshal([]statement{said})
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: der}, err
}
