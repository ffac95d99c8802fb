// Package dntest writes the DER of names for tests, including names that no certificate should have.
package dntest

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strconv"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// DER writes one RDN for each argument, its attributes separated by " + " and encoded as UTF8String, as PrintableString
// after a ~, or with any other tag after "tag~": "CN=a + OU=b", "CN=~a", "CN=30~\x00a".
func DER(t testing.TB, rdns ...string) []byte {
	t.Helper()
	var sequence pkix.RDNSequence
	for _, rdn := range rdns {
		var set pkix.RelativeDistinguishedNameSET
		for attribute := range strings.SplitSeq(rdn, " + ") {
			name, value, _ := strings.Cut(attribute, "=")
			tag := asn1.TagUTF8String
			if kind, rest, tagged := strings.Cut(value, "~"); tagged {
				tag, value = asn1.TagPrintableString, rest
				if kind != "" {
					tag, _ = strconv.Atoi(kind)
				}
			}
			set = append(set, pkix.AttributeTypeAndValue{Type: oid(t, name), Value: asn1.RawValue{Tag: tag, Bytes: []byte(value)}})
		}
		sequence = append(sequence, set)
	}
	der, err := asn1.Marshal(sequence)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func oid(t testing.TB, name string) asn1.ObjectIdentifier {
	t.Helper()
	var id asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(dn.TypeOf(name), ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			t.Fatalf("no OID: %s", name)
		}
		id = append(id, n)
	}
	return id
}
