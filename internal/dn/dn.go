// Package dn reads, writes and compares distinguished names as TPPs, banks and certificates write them. Use it wherever
// two names must be equal. Never compare the texts of names.
package dn

import (
	"cmp"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// A Name is a distinguished name: its RDNs in the order of the certificate's DER.
type Name []RDN

// RDN is a set of attributes, sorted by type. Make it with Parse or ParseDER.
type RDN []Attribute

// Attribute is one attribute of an RDN.
type Attribute struct {
	Type  string // dotted OID
	Value string // decoded
}

// Matches compares a certificate's name with a registered name by RFC 4517's distinguishedNameMatch, in the same or
// exactly the reverse order. With lossy it also accepts a registered name that lacks the certificate's 2.5.4.97,
// because Go's own printing loses it. An empty name matches nothing.
func (d Name) Matches(registered Name, lossy bool) bool {
	return d.equals(registered) || lossy && d.without(OrganizationIdentifier).equals(registered)
}

// "The rule evaluates to TRUE if and only if the attribute value and the assertion value have the same number of
// relative distinguished names and corresponding relative distinguished names (by position) are the same" (RFC 4517,
// section 4.2.15). RFC 4514 prints the last RDN first and OBIE's own samples do either, so the exact
// reverse is the same name.
func (d Name) equals(other Name) bool {
	if len(d) == 0 || len(d) != len(other) {
		return false
	}
	forward, backward := true, true
	for i, rdn := range d {
		forward = forward && rdn.equals(other[i])
		backward = backward && rdn.equals(other[len(other)-1-i])
	}
	return forward || backward
}

// without returns the name without the attributes of a type, and without RDNs that are then empty.
func (d Name) without(oid string) Name {
	var kept Name
	for _, rdn := range d {
		rdn = slices.DeleteFunc(slices.Clone(rdn), func(a Attribute) bool { return a.Type == oid })
		if len(rdn) > 0 {
			kept = append(kept, rdn)
		}
	}
	return kept
}

// newRDN sorts the attributes, so that two RDNs can be compared one by one.
func newRDN(attributes []Attribute) (RDN, error) {
	if len(attributes) == 0 {
		return nil, errors.New("an RDN has no attributes")
	}
	rdn := RDN(slices.Clone(attributes))
	slices.SortFunc(rdn, Attribute.compare)
	for i, attribute := range rdn {
		if err := checkValue(attribute.Value); err != nil {
			return nil, err
		}
		if i > 0 && attribute.compare(rdn[i-1]) == 0 {
			return nil, errors.New("an RDN has one attribute twice")
		}
	}
	return rdn, nil
}

func (r RDN) equals(other RDN) bool {
	return slices.EqualFunc(r, other, func(a, b Attribute) bool { return a.compare(b) == 0 })
}

// compare orders attributes by type, then by their prepared values.
func (a Attribute) compare(b Attribute) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(prepare(a.Value), prepare(b.Value)))
}

// String returns the canonical form: RFC 4514, last RDN first, organizationIdentifier by name. Parse reads it.
func (d Name) String() string {
	rdns := make([]string, 0, len(d))
	for _, rdn := range slices.Backward(d) {
		rdns = append(rdns, rdn.String())
	}
	return strings.Join(rdns, ",")
}

// String returns the canonical form of one RDN.
func (r RDN) String() string {
	attributes := make([]string, 0, len(r))
	for _, attribute := range r {
		attributes = append(attributes, attribute.string())
	}
	return strings.Join(attributes, "+")
}

// "If the AttributeType is of the dotted-decimal form, the AttributeValue is represented by an number sign ('#' U+0023)
// character followed by the hexadecimal encoding of each of the octets of the BER encoding of the X.500
// AttributeValue" (RFC 4514, section 2.4).
func (a Attribute) string() string {
	if name := writtenName(a.Type); name != "" {
		return name + "=" + escape(a.Value)
	}
	der, err := asn1.MarshalWithParams(a.Value, "utf8")
	if err != nil { // not UTF-8, which a parsed value always is
		return a.Type + "="
	}
	return a.Type + "=#" + hex.EncodeToString(der)
}

// escape writes a value by RFC 4514, section 2.4: a backslash before each special character, before a space at either
// end and before a leading number sign.
func escape(value string) string {
	var out strings.Builder
	for i := range len(value) {
		edge := i == 0 || i == len(value)-1
		if strings.IndexByte(`"+,;<>\`, value[i]) >= 0 || edge && value[i] == ' ' || i == 0 && value[i] == '#' {
			out.WriteByte('\\')
		}
		out.WriteByte(value[i])
	}
	return out.String()
}
