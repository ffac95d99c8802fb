package dn

import (
	"encoding/asn1"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrForm means that the bytes are not the DER of a name.
var ErrForm = errors.New("the name is empty or not well-formed")

// ParseDER reads Name ::= SEQUENCE OF RelativeDistinguishedName, each a SET OF attributes (RFC 5280, section 4.1.2.4).
// It reads the DER itself: pkix.Name keeps only the last of several CNs, and its ToRDNSequence drops 2.5.4.97. Its
// error is ErrForm, or a sentence about an attribute, without the input.
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

// decodeValue reads the DER of an attribute's value, which must be of a string type. The types encode one text
// differently (UTF8String 0c, PrintableString 13), so values are compared decoded, never as bytes.
func decodeValue(der []byte) (string, error) {
	var raw asn1.RawValue
	if err := unmarshal(der, &raw); err != nil || raw.Class != asn1.ClassUniversal {
		return "", errors.New("an attribute's value is not DER of a string")
	}
	switch raw.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString, asn1.TagBMPString:
	case asn1.TagT61String:
		// Programs decode T.61 beyond ASCII in different ways.
		if strings.ContainsFunc(string(raw.Bytes), func(r rune) bool { return r > unicode.MaxASCII }) {
			return "", errors.New("an attribute's TeletexString is not ASCII")
		}
	default:
		return "", errors.New("an attribute's value is not a string")
	}
	var value string
	if err := unmarshal(der, &value); err != nil {
		return "", errors.New("an attribute's value is not a well-formed string")
	}
	return value, nil
}

// checkValue refuses values that programs show or compare in different ways: with control characters, with broken
// encoding, or blank (a DirectoryString has at least one character: RFC 5280, appendix A.1).
func checkValue(value string) error {
	if !utf8.ValidString(value) || strings.ContainsRune(value, utf8.RuneError) {
		return errors.New("an attribute's value is not valid UTF-8")
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return errors.New("an attribute's value has a control character")
	}
	if prepare(value) == "" {
		return errors.New("an attribute has no value")
	}
	return nil
}

// prepare returns the form in which caseIgnoreMatch compares values (RFC 4517, section 4.2.11; RFC 4518). It ignores
// case, repeated spaces, and spaces at the ends. It does not normalise (NFKC): two encodings of one accented letter do
// not match, which denies.
func prepare(value string) string {
	return strings.Map(fold, squeeze(value))
}

// squeeze leaves one space between words and none at the ends.
func squeeze(value string) string { return strings.Join(strings.Fields(value), " ") }

// fold returns the same rune for all runes that differ only in case: the smallest.
func fold(r rune) rune {
	smallest := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		smallest = min(smallest, other)
	}
	return smallest
}

// unmarshal reads one DER value and refuses trailing bytes.
func unmarshal(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err == nil && len(rest) > 0 {
		return asn1.SyntaxError{Msg: "trailing data"}
	}
	return err
}
