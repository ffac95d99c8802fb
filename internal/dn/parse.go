package dn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parse reads the string form of a DN: RFC 4514, with the attribute names, OIDs, "OID." prefixes, #hex values, quoted
// strings and spaces around separators that TPPs send; with semicolons, as curl prints it, or with one RDN per line, as
// Node does; or OpenSSL's /C=GB/O=... form. Its time is linear in the length of the text, which the caller must limit.
// Its errors are sentences for the author of the name and do not quote it.
//
// "Implementations MAY recognize other DN string representations" (RFC 4514, section 3).
func Parse(text string) (Name, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the distinguished name is not valid UTF-8")
	}
	read, text := parseRFC4514, strings.TrimRight(strings.TrimLeft(text, spaces+lineEnds), lineEnds)
	if strings.HasPrefix(text, "/") {
		read = parseSlashes
	}
	dn, err := read(text)
	if err != nil {
		return nil, fmt.Errorf("the distinguished name cannot be read: %w", err)
	}
	return dn, nil
}

// The characters around RDNs and between them: "Implementations MUST allow a semicolon character to be used instead of a
// comma to separate RDNs in a distinguished name, and MUST also allow whitespace characters to be present on either side
// of the comma or semicolon" (RFC 2253, section 4).
const (
	spaces     = " \t"
	lineEnds   = "\r\n"
	separators = ",;" + lineEnds
)

// parseRFC4514 reads RDNs separated by commas, semicolons or line ends, each of attributes separated by plus signs. "The output consists of the
// string encodings of each RelativeDistinguishedName in the RDNSequence ... starting with the last element of the
// sequence and moving backwards toward the first" (RFC 4514, section 2.1): so the first is the last.
func parseRFC4514(text string) (Name, error) {
	s := scanner{text: text}
	var dn Name
	for {
		rdn, err := s.rdn()
		if err != nil {
			return nil, err
		}
		dn = append(dn, rdn)
		if s.text == "" {
			slices.Reverse(dn)
			return dn, nil
		}
		s.text = s.text[1:] // the comma
		s.text = strings.TrimLeft(s.text, spaces+lineEnds)
	}
}

// A scanner holds the text that is left to read.
type scanner struct{ text string }

func (s *scanner) skipSpaces() { s.text = strings.TrimLeft(s.text, spaces) }

// separated reports whether an RDN ends here.
func (s *scanner) separated() bool {
	return s.text == "" || strings.IndexByte(separators, s.text[0]) >= 0
}

// rdn reads attributes up to the next separator, which it does not consume, or to the end.
func (s *scanner) rdn() (RDN, error) {
	var attributes []Attribute
	for {
		attribute, err := s.attribute()
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, attribute)
		if s.separated() {
			return newRDN(attributes)
		}
		s.text = s.text[1:] // the plus sign
	}
}

// attribute reads type=value up to the next separator or plus sign, which it does not consume, or to the end.
func (s *scanner) attribute() (Attribute, error) {
	s.skipSpaces()
	name, rest, found := cutType(s.text)
	if !found {
		return Attribute{}, errors.New("want type=value, separated by commas (a comma or semicolon inside a value needs a backslash before it)")
	}
	oid := TypeOf(name)
	if oid == "" {
		return Attribute{}, errors.New("an attribute's name is not known; its OID can be given instead")
	}
	s.text = rest
	s.skipSpaces()
	value, err := s.value()
	if err != nil {
		return Attribute{}, err
	}
	s.skipSpaces()
	if !s.separated() && s.text[0] != '+' {
		return Attribute{}, errors.New("something follows an attribute's value")
	}
	return Attribute{Type: oid, Value: value}, nil
}

func (s *scanner) value() (string, error) {
	switch {
	case strings.HasPrefix(s.text, "#"):
		return s.hexValue()
	case strings.HasPrefix(s.text, `"`):
		return s.quotedValue()
	}
	return s.plainValue()
}

// hexValue reads the BER of a value in hexadecimal (RFC 4514, section 3, hexstring). It must be DER of a string type.
func (s *scanner) hexValue() (string, error) {
	end := strings.IndexAny(s.text, "+"+spaces+separators)
	if end < 0 {
		end = len(s.text)
	}
	der, err := hex.DecodeString(s.text[1:end])
	if err != nil {
		return "", errors.New("a # is not followed by pairs of hexadecimal digits")
	}
	s.text = s.text[end:]
	return decodeValue(der)
}

// quotedValue reads the quoted form of RFC 1779 and RFC 2253, which may be read but no longer written (RFC 2253,
// section 4). Windows doubles a quotation mark inside it instead of writing a backslash.
func (s *scanner) quotedValue() (string, error) {
	var value []byte
	for s.text = s.text[1:]; s.text != "" && (s.text[0] != '"' || strings.HasPrefix(s.text, `""`)); {
		if s.text[0] == '"' {
			s.text = s.text[1:]
		}
		next, err := s.next()
		if err != nil {
			return "", err
		}
		value = append(value, next)
	}
	if s.text == "" {
		return "", errors.New("a quotation mark is not closed")
	}
	s.text = s.text[1:]
	return string(value), nil
}

// plainValue reads up to a separator. It keeps trailing spaces only if they are escaped.
func (s *scanner) plainValue() (string, error) {
	var value []byte
	kept := 0
	for !s.separated() && s.text[0] != '+' {
		if strings.IndexByte(`"<>`, s.text[0]) >= 0 {
			return "", errors.New("a quotation mark or angle bracket in a value needs a backslash before it")
		}
		space := s.text[0] == ' '
		next, err := s.next()
		if err != nil {
			return "", err
		}
		value = append(value, next)
		if !space {
			kept = len(value)
		}
	}
	return string(value[:kept]), nil
}

// next reads one byte of a value: itself, a backslash and a special character, or a backslash and two hexadecimal
// digits (RFC 4514, section 3, pair).
func (s *scanner) next() (byte, error) {
	if s.text[0] != '\\' {
		next := s.text[0]
		s.text = s.text[1:]
		return next, nil
	}
	if len(s.text) > 1 && strings.IndexByte(` "#+,;<=>\`, s.text[1]) >= 0 {
		next := s.text[1]
		s.text = s.text[2:]
		return next, nil
	}
	if len(s.text) > 2 {
		if octet, err := hex.DecodeString(s.text[1:3]); err == nil {
			s.text = s.text[3:]
			return octet[0], nil
		}
	}
	return 0, errors.New("a backslash is followed by neither a special character nor two hexadecimal digits")
}
