package dn

import (
	"slices"
	"strings"
)

// The attribute types by which a certificate's subject is read.
const (
	CommonName             = "2.5.4.3"
	OrganizationIdentifier = "2.5.4.97"
)

// attributeType is an attribute type with its names. It is also read by its OID.
type attributeType struct {
	oid     string
	written bool     // String writes its first name; otherwise its OID
	names   []string // Parse reads all of them
}

// attributeTypes are the types in certificates' subjects. The names after the first are those that OpenSSL, Java, .NET,
// Go, GnuTLS and BouncyCastle print, also for further types of European qualified certificates. SN is missing because
// some programs mean the surname and others the serial number.
var attributeTypes = []attributeType{
	{CommonName, true, []string{"CN", "commonName"}},
	{"2.5.4.11", true, []string{"OU", "organizationalUnitName"}},
	{"2.5.4.10", true, []string{"O", "organizationName"}},
	{"2.5.4.6", true, []string{"C", "countryName"}},
	{"2.5.4.7", true, []string{"L", "localityName"}},
	{"2.5.4.8", true, []string{"ST", "stateOrProvinceName", "S"}},
	{"2.5.4.9", true, []string{"STREET", "streetAddress"}},
	{"0.9.2342.19200300.100.1.25", true, []string{"DC", "domainComponent"}},
	{"0.9.2342.19200300.100.1.1", true, []string{"UID", "userId"}},
	{"2.5.4.5", true, []string{"SERIALNUMBER"}},
	{OrganizationIdentifier, true, []string{"organizationIdentifier"}},
	{"1.2.840.113549.1.9.1", true, []string{"emailAddress", "E", "EMAIL"}},
	{"2.5.4.15", false, []string{"businessCategory"}},
	{"2.5.4.17", false, []string{"postalCode"}},
	{"1.3.6.1.4.1.311.60.2.1.3", false, []string{
		"jurisdictionC", "jurisdictionCountryName", "jurisdictionOfIncorporationCountryName",
	}},
	{"1.3.6.1.4.1.311.60.2.1.2", false, []string{
		"jurisdictionST", "jurisdictionStateOrProvinceName", "jurisdictionOfIncorporationStateOrProvinceName",
	}},
	{"1.3.6.1.4.1.311.60.2.1.1", false, []string{
		"jurisdictionL", "jurisdictionLocalityName", "jurisdictionOfIncorporationLocalityName",
	}},
}

// TypeName returns a common name of the type, or its OID if the table has none.
func TypeName(oid string) string {
	for _, known := range attributeTypes {
		if known.oid == oid {
			return known.names[0]
		}
	}
	return oid
}

// writtenName returns the name that String writes for a type, or "" if it writes the OID.
func writtenName(oid string) string {
	for _, known := range attributeTypes {
		if known.oid == oid && known.written {
			return known.names[0]
		}
	}
	return ""
}

// TypeOf returns the OID of a type that is given as a name in any case or as an OID, with or without the prefix "OID.".
// It returns "" for any other text.
func TypeOf(text string) string {
	for _, known := range attributeTypes {
		if slices.ContainsFunc(known.names, func(name string) bool { return strings.EqualFold(name, text) }) {
			return known.oid
		}
	}
	if len(text) > 4 && strings.EqualFold(text[:4], "OID.") {
		text = text[4:]
	}
	if !isOID(text) {
		return ""
	}
	return text
}

// cutType cuts a text at its first equals sign if only a type and spaces precede it.
func cutType(text string) (name, rest string, found bool) {
	end := 0
	for end < len(text) && isTypeByte(text[end]) {
		end++
	}
	name, rest = text[:end], strings.TrimLeft(text[end:], " ")
	if name == "" || !strings.HasPrefix(rest, "=") {
		return "", text, false
	}
	return name, rest[1:], true
}

func isTypeByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '.' || b == '-'
}

// isOID reports whether text is a "numericoid" of RFC 4512, section 1.4: at least two numbers without leading zeros.
func isOID(text string) bool {
	arcs := strings.Split(text, ".")
	for _, arc := range arcs {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return len(arcs) > 1
}
