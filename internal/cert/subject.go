package cert

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	commonName             = "2.5.4.3"
	organizationName       = "2.5.4.10"
	organizationalUnitName = "2.5.4.11"
	organizationIdentifier = "2.5.4.97"
)

// readSubject reads the subject's DER itself: pkix.Name keeps the last of several CNs, and its ToRDNSequence drops
// 2.5.4.97.
func (c *Certificate) readSubject(der []byte) error {
	subject, err := subjectDN(der)
	if err != nil {
		return err
	}
	of, err := subject.Identity()
	if err != nil {
		return err
	}
	c.Subject, c.CommonName, c.Organisation, c.OrganisationalUnit = subject, of.CommonName, of.Organisation, of.OrganisationalUnit
	c.OrganisationIdentifier, c.AuthorisationNumber = of.OrganisationIdentifier, of.AuthorisationNumber
	return nil
}

// subjectDN reads Name ::= SEQUENCE OF RelativeDistinguishedName, each a SET OF attributes (RFC 5280, section 4.1.2.4).
func subjectDN(der []byte) (DN, error) {
	input := cryptobyte.String(der)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, tag.SEQUENCE) || !input.Empty() || sequence.Empty() {
		return nil, errSubject()
	}
	var subject DN
	for !sequence.Empty() {
		var set cryptobyte.String
		if !sequence.ReadASN1(&set, tag.SET) {
			return nil, errSubject()
		}
		attributes, err := readAttributes(set)
		if err != nil {
			return nil, err
		}
		rdn, err := newRDN(attributes)
		if err != nil {
			return nil, refuse("certificate.subject", "the client certificate's subject: "+err.Error())
		}
		subject = append(subject, rdn)
	}
	return subject, nil
}

// values returns the values of all attributes of a type.
func (d DN) values(oid string) []string {
	var values []string
	for _, rdn := range d {
		for _, attribute := range rdn {
			if attribute.Type == oid {
				values = append(values, attribute.Value)
			}
		}
	}
	return values
}

func readAttributes(set cryptobyte.String) ([]Attribute, error) {
	var attributes []Attribute
	for !set.Empty() {
		var member, value cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !set.ReadASN1(&member, tag.SEQUENCE) || !member.ReadASN1ObjectIdentifier(&kind) ||
			!member.ReadAnyASN1Element(&value, new(tag.Tag)) || !member.Empty() {
			return nil, errSubject()
		}
		text, err := decodeValue(value)
		if err != nil {
			return nil, refuse("certificate.subject", "the client certificate's subject: "+err.Error())
		}
		attributes = append(attributes, Attribute{Type: kind.String(), Value: text})
	}
	return attributes, nil
}

func errSubject() error {
	return refuse("certificate.subject", "the client certificate's subject is empty or not well-formed")
}
