package dn

import (
	"encoding/asn1"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
		// What T.61 meant beyond ASCII, no two programs agree on.
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

// checkValue refuses values that programs show or compare in different ways: with NUL or other control characters,
// broken, or blank (DirectoryString is of at least one character: RFC 5280, appendix A.1).
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

// prepare returns the form in which caseIgnoreMatch compares values (RFC 4517, section 4.2.11; RFC 4518): without
// regard to case, and to how many spaces there are between words or at the ends. It does not normalise (NFKC): two
// spellings of one accented letter do not match, which denies.
func prepare(value string) string {
	return strings.Map(fold, squeeze(value))
}

// squeeze leaves one space between words and none at the ends.
func squeeze(value string) string { return strings.Join(strings.Fields(value), " ") }

// fold returns one rune for all that differ by case only: the smallest.
func fold(r rune) rune {
	smallest := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		smallest = min(smallest, other)
	}
	return smallest
}

// unmarshal reads one DER value and nothing after it.
func unmarshal(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err == nil && len(rest) > 0 {
		return asn1.SyntaxError{Msg: "trailing data"}
	}
	return err
}
