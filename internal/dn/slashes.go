package dn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Slashes returns the form that parseSlashes reads, in the order of the DER. Parse reads it.
func (d Name) Slashes() string {
	var out strings.Builder
	for _, rdn := range d {
		separator := byte('/')
		for _, attribute := range rdn {
			out.WriteByte(separator)
			out.WriteString(TypeName(attribute.Type) + "=")
			writeSlashValue(&out, attribute.Value)
			separator = '+'
		}
	}
	return out.String()
}

func writeSlashValue(out *strings.Builder, value string) {
	for i := range len(value) {
		switch octet := value[i]; {
		case octet == '\\' || (octet == '/' || octet == '+') && separates(value[i:]):
			out.WriteString(`\` + value[i:i+1])
		case octet < ' ' || octet > '~':
			fmt.Fprintf(out, `\x%02X`, octet)
		default:
			out.WriteByte(octet)
		}
	}
}

// parseSlashes reads the form that OpenSSL's X509_NAME_oneline writes and its -subj option reads: /C=GB/O=Bank+OU=1,
// in the order of the DER. A slash or plus sign separates only before a known type and an equals sign, because
// OpenSSL does not escape them in values.
func parseSlashes(text string) (Name, error) {
	var dn Name
	var attributes []Attribute
	for text != "" {
		name, rest, _ := cutType(text[1:])
		oid := TypeOf(name)
		if oid == "" {
			return nil, errors.New("want /type=value, the type being a known name or an OID")
		}
		value, rest, err := slashValue(rest)
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, Attribute{Type: oid, Value: value})
		text = rest
		if strings.HasPrefix(text, "+") {
			continue
		}
		rdn, err := newRDN(attributes)
		if err != nil {
			return nil, err
		}
		dn, attributes = append(dn, rdn), nil
	}
	return dn, nil
}

// slashValue reads up to a separator, which stays in rest.
func slashValue(text string) (value, rest string, err error) {
	var out []byte
	for text != "" && !separates(text) {
		if text[0] != '\\' {
			out, text = append(out, text[0]), text[1:]
			continue
		}
		octet, length := slashEscape(text)
		if length == 0 {
			return "", "", errors.New("a backslash is followed by neither a separator nor x and two hexadecimal digits")
		}
		out, text = append(out, octet), text[length:]
	}
	return strings.Trim(string(out), " "), text, nil
}

// separates reports whether text begins with a separator and a type.
func separates(text string) bool {
	if text[0] != '/' && text[0] != '+' {
		return false
	}
	name, _, found := cutType(text[1:])
	return found && TypeOf(name) != ""
}

// slashEscape reads \xHH, which oneline writes for other than printable ASCII, or a backslash and one of \ / + =, which
// -subj reads. length is 0 if the text begins with neither.
func slashEscape(text string) (octet byte, length int) {
	if len(text) > 1 && strings.IndexByte(`\/+=`, text[1]) >= 0 {
		return text[1], 2
	}
	if len(text) > 3 && text[1] == 'x' {
		if decoded, err := hex.DecodeString(text[2:4]); err == nil {
			return decoded[0], 4
		}
	}
	return 0, 0
}
