package dn

import (
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrForm says that bytes are not the DER of a name.
var ErrForm = errors.New("the name is empty or not well-formed")

// ParseDER reads Name ::= SEQUENCE OF RelativeDistinguishedName, each a SET OF attributes (RFC 5280, section 4.1.2.4).
// It reads the DER itself: pkix.Name keeps the last of several CNs, and its ToRDNSequence drops 2.5.4.97. It fails with
// ErrForm, or with a sentence about an attribute that holds nothing of the input.
func ParseDER(der []byte) (Name, error) {
	input := cryptobyte.String(der)
	var sequence cryptobyte.String
	if !input.ReadASN1(&sequence, tag.SEQUENCE) || !input.Empty() || sequence.Empty() {
		return nil, ErrForm
	}
	var name Name
	for !sequence.Empty() {
		var set cryptobyte.String
		if !sequence.ReadASN1(&set, tag.SET) {
			return nil, ErrForm
		}
		attributes, err := readAttributes(set)
		if err != nil {
			return nil, err
		}
		rdn, err := newRDN(attributes)
		if err != nil {
			return nil, err
		}
		name = append(name, rdn)
	}
	return name, nil
}

func readAttributes(set cryptobyte.String) ([]Attribute, error) {
	var attributes []Attribute
	for !set.Empty() {
		var member, value cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !set.ReadASN1(&member, tag.SEQUENCE) || !member.ReadASN1ObjectIdentifier(&kind) ||
			!member.ReadAnyASN1Element(&value, new(tag.Tag)) || !member.Empty() {
			return nil, ErrForm
		}
		text, err := decodeValue(value)
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, Attribute{Type: kind.String(), Value: text})
	}
	return attributes, nil
}

// Values returns the values of all attributes of a type, in the order of the DER.
func (d Name) Values(oid string) []string {
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
