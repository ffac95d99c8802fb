package dn

import "strings"

// The types that a certificate's subject is read by.
const (
	CommonName             = "2.5.4.3"
	OrganizationIdentifier = "2.5.4.97"
)

// attributeNames are the names of attribute types in a DN's string form, as String writes them.
var attributeNames = []struct{ name, oid string }{
	{"CN", CommonName},
	{"OU", "2.5.4.11"},
	{"O", "2.5.4.10"},
	{"C", "2.5.4.6"},
	{"L", "2.5.4.7"},
	{"ST", "2.5.4.8"},
	{"STREET", "2.5.4.9"},
	{"DC", "0.9.2342.19200300.100.1.25"},
	{"UID", "0.9.2342.19200300.100.1.1"},
	{"SERIALNUMBER", "2.5.4.5"},
	{"organizationIdentifier", OrganizationIdentifier},
	{"emailAddress", "1.2.840.113549.1.9.1"},
}

// otherNames are read and never written: what OpenSSL, Java, .NET, Go, GnuTLS and BouncyCastle print for types of
// attributeNames, and for those that European qualified certificates have beside them. SN is not here: it is the surname
// to some and the serial number to others.
var otherNames = []struct{ name, oid string }{
	{"commonName", CommonName},
	{"organizationalUnitName", "2.5.4.11"},
	{"organizationName", "2.5.4.10"},
	{"countryName", "2.5.4.6"},
	{"localityName", "2.5.4.7"},
	{"stateOrProvinceName", "2.5.4.8"},
	{"S", "2.5.4.8"},
	{"streetAddress", "2.5.4.9"},
	{"domainComponent", "0.9.2342.19200300.100.1.25"},
	{"userId", "0.9.2342.19200300.100.1.1"},
	{"E", "1.2.840.113549.1.9.1"},
	{"EMAIL", "1.2.840.113549.1.9.1"},
	{"businessCategory", "2.5.4.15"},
	{"postalCode", "2.5.4.17"},
	{"jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"},
	{"jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3"},
	{"jurisdictionOfIncorporationCountryName", "1.3.6.1.4.1.311.60.2.1.3"},
	{"jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2"},
	{"jurisdictionStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2"},
	{"jurisdictionOfIncorporationStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2"},
	{"jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1"},
	{"jurisdictionLocalityName", "1.3.6.1.4.1.311.60.2.1.1"},
	{"jurisdictionOfIncorporationLocalityName", "1.3.6.1.4.1.311.60.2.1.1"},
}

// TypeName returns a name by which people know a type, and its OID where it has none here.
func TypeName(oid string) string {
	if name := nameOf(oid); name != "" {
		return name
	}
	for _, known := range otherNames {
		if known.oid == oid {
			return known.name
		}
	}
	return oid
}

// nameOf returns the name that String writes for a type, "" where it has none.
func nameOf(oid string) string {
	for _, known := range attributeNames {
		if known.oid == oid {
			return known.name
		}
	}
	return ""
}

// TypeOf returns the OID that a text in a type's place means: a name in any case, or an OID, "OID." before it or not;
// "" where it means none.
func TypeOf(text string) string {
	for _, names := range [][]struct{ name, oid string }{attributeNames, otherNames} {
		for _, known := range names {
			if strings.EqualFold(known.name, text) {
				return known.oid
			}
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

// cutType cuts a text at its first equals sign, if only a type and spaces are before it.
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

// isOID says whether text is "numericoid" of RFC 4512, section 1.4: at least two numbers, none with leading zeros.
func isOID(text string) bool {
	arcs := strings.Split(text, ".")
	for _, arc := range arcs {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return len(arcs) > 1
}
