package cert

import "strings"

// attributeNames are the names of attribute types in a DN's string form, as String writes them (rules D.5).
var attributeNames = []struct{ name, oid string }{
	{"CN", commonName},
	{"OU", organizationalUnitName},
	{"O", "2.5.4.10"},
	{"C", "2.5.4.6"},
	{"L", "2.5.4.7"},
	{"ST", "2.5.4.8"},
	{"STREET", "2.5.4.9"},
	{"DC", "0.9.2342.19200300.100.1.25"},
	{"UID", "0.9.2342.19200300.100.1.1"},
	{"SERIALNUMBER", "2.5.4.5"},
	{"organizationIdentifier", organizationIdentifier},
	{"emailAddress", "1.2.840.113549.1.9.1"},
}

// nameOf returns the name of a type, "" where it has none here.
func nameOf(oid string) string {
	for _, known := range attributeNames {
		if known.oid == oid {
			return known.name
		}
	}
	return ""
}

// typeOf returns the OID that a text in a type's place means: a name in any case, or an OID, "OID." before it or not;
// "" where it means none.
func typeOf(text string) string {
	for _, known := range attributeNames {
		if strings.EqualFold(known.name, text) {
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
