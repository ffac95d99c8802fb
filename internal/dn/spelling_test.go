package dn_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// TestSpellings takes one name each as programs print it: a TPP copies what its own tool shows.
func TestSpellings(t *testing.T) {
	const number = "PSDGB-FCA-123456"
	qwac := []string{
		"jurisdictionC=~GB", "businessCategory=Private Organization", "SERIALNUMBER=~01234567", "C=~GB", "ST=London", "L=London",
		"O=Société A, B & Co", "organizationIdentifier=" + number, "CN=api.tpp.example",
	}
	plain := []string{"C=~GB", "O=Bank, Ltd", "organizationIdentifier=" + number, "CN=a"}
	mail := []string{"C=~GB", "CN=a", "emailAddress=22~ops@tpp.example"}
	identifier := hex.EncodeToString([]byte(number))
	for _, test := range []struct {
		name        string
		certificate []string
		printed     string
		want        bool
	}{
		{"OpenSSL 1.1 and 3.0", plain, `C = GB, O = "Bank, Ltd", organizationIdentifier = PSDGB-FCA-123456, CN = a`, true},
		{"OpenSSL 3.2", plain, `C=GB, O="Bank, Ltd", organizationIdentifier=PSDGB-FCA-123456, CN=a`, true},
		{"OpenSSL -nameopt multiline", []string{"C=~GB", "O=Bank", "organizationIdentifier=" + number, "CN=a"},
			"\n    countryName               = GB\n    organizationName          = Bank\n    organizationIdentifier    = PSDGB-FCA-123456\n    commonName                = a\n", true},
		{"OpenSSL -nameopt sep_multiline", []string{"C=~GB", "O=Bank", "CN=a"}, "\n    C=GB\n    O=Bank\n    CN=a", true},
		{"curl -v", []string{"C=~GB", "O=Bank Ltd", "organizationIdentifier=" + number, "CN=a"}, "C=GB; O=Bank Ltd; organizationIdentifier=PSDGB-FCA-123456; CN=a", true},
		{"Node", plain, "C=GB\nO=Bank\\, Ltd\norganizationIdentifier=PSDGB-FCA-123456\nCN=a", true},
		{"Node, with Windows' line ends", plain, "C=GB\r\nO=Bank\\, Ltd\r\norganizationIdentifier=PSDGB-FCA-123456\r\nCN=a\r\n", true},
		{"Node, several attributes in an RDN, a space at the end", []string{"C=~GB", "CN=a + OU=b "}, "C=GB\nOU=b\\  + CN=a", true},
		{"RFC 2253, section 4, semicolons", []string{"C=~GB", "CN=a"}, "CN=a ; C=GB", true},
		{"OpenSSL 1.0.2, which does not know the type", plain, `/C=GB/O=Bank, Ltd/2.5.4.97=PSDGB-FCA-123456/CN=a`, true},
		{"OpenSSL -nameopt compat", plain, `/C=GB/O=Bank, Ltd/organizationIdentifier=PSDGB-FCA-123456/CN=a`, true},
		{"OpenSSL -nameopt RFC2253", plain, `CN=a,organizationIdentifier=PSDGB-FCA-123456,O=Bank\, Ltd,C=GB`, true},
		{"OpenSSL 1.0.2 -nameopt RFC2253", plain, `CN=a,2.5.4.97=#0C10` + strings.ToUpper(identifier) + `,O=Bank\, Ltd,C=GB`, true},
		{"OpenSSL -nameopt lname", plain, `countryName = GB, organizationName = "Bank, Ltd", organizationIdentifier = PSDGB-FCA-123456, commonName = a`, true},
		{"OpenSSL -nameopt oid", plain, `2.5.4.6 = GB, 2.5.4.10 = "Bank, Ltd", 2.5.4.97 = PSDGB-FCA-123456, 2.5.4.3 = a`, true},
		{"nginx, ssl_client_s_dn", plain, `CN=a,organizationIdentifier=PSDGB-FCA-123456,O=Bank\, Ltd,C=GB`, true},
		{"nginx, ssl_client_s_dn_legacy", plain, `/C=GB/O=Bank, Ltd/organizationIdentifier=PSDGB-FCA-123456/CN=a`, true},
		{"Envoy", plain, `CN=a,2.5.4.97=#0c10` + identifier + `,O=Bank\, Ltd,C=GB`, true},
		{"Java, getName(RFC2253)", plain, `CN=a,2.5.4.97=#0c10` + identifier + `,O=Bank\, Ltd,C=GB`, true},
		{"Java, getName(RFC1779)", plain, `CN=a, OID.2.5.4.97=PSDGB-FCA-123456, O="Bank, Ltd", C=GB`, true},
		{"Java, getName(CANONICAL)", plain, `cn=a,2.5.4.97=#0c10` + identifier + `,o=bank\, ltd,c=gb`, true},
		{"BouncyCastle", plain, `C=GB,O=Bank\, Ltd,organizationIdentifier=PSDGB-FCA-123456,CN=a`, true},
		{".NET", plain, `CN=a, OID.2.5.4.97=PSDGB-FCA-123456, O="Bank, Ltd", C=GB`, true},
		{"Go, Name.String", plain, `CN=a,O=Bank\, Ltd,C=GB,2.5.4.97=#1310` + identifier, false}, // it moves what it has no name for
		{"GnuTLS", plain, `CN=a,2.5.4.97=#0c10` + identifier + `,O=Bank\, Ltd,C=GB`, true},
		{"GnuTLS before 3.5", plain, `C=GB,O=Bank\, Ltd,2.5.4.97=#0c10` + identifier + `,CN=a`, true},
		{"Python cryptography", plain, `CN=a,2.5.4.97=PSDGB-FCA-123456,O=Bank\, Ltd,C=GB`, true},

		{"a QWAC, OpenSSL", qwac, `jurisdictionC = GB, businessCategory = Private Organization, serialNumber = 01234567, C = GB, ST = London, L = London, ` +
			`O = "Soci\C3\A9t\C3\A9 A, B & Co", organizationIdentifier = PSDGB-FCA-123456, CN = api.tpp.example`, true},
		{"a QWAC, OpenSSL -nameopt lname", qwac, `jurisdictionCountryName=GB, businessCategory=Private Organization, serialNumber=01234567, countryName=GB, ` +
			`stateOrProvinceName=London, localityName=London, organizationName="Société A, B & Co", organizationIdentifier=PSDGB-FCA-123456, commonName=api.tpp.example`, true},
		{"a QWAC, GnuTLS", qwac, `CN=api.tpp.example,2.5.4.97=#0c10` + identifier + `,O=Société A\, B & Co,L=London,ST=London,C=GB,serialNumber=01234567,` +
			`businessCategory=Private Organization,jurisdictionOfIncorporationCountryName=GB`, true},
		{"a QWAC, Java", qwac, `CN=api.tpp.example, OID.2.5.4.97=PSDGB-FCA-123456, O="Société A, B & Co", L=London, ST=London, C=GB, SERIALNUMBER=01234567, ` +
			`OID.2.5.4.15=Private Organization, OID.1.3.6.1.4.1.311.60.2.1.3=GB`, true},
		{"a QWAC, Java RFC 2253", qwac, `CN=api.tpp.example,2.5.4.97=#0c10` + identifier + `,O=Société A\, B & Co,L=London,ST=London,C=GB,2.5.4.5=#13083031323334353637,` +
			`2.5.4.15=#0c1450726976617465204f7267616e697a6174696f6e,1.3.6.1.4.1.311.60.2.1.3=#13024742`, true},
		{"a QWAC, .NET", qwac, `CN=api.tpp.example, OID.2.5.4.97=PSDGB-FCA-123456, O="Société A, B & Co", L=London, S=London, C=GB, SERIALNUMBER=01234567, ` +
			`OID.2.5.4.15=Private Organization, OID.1.3.6.1.4.1.311.60.2.1.3=GB`, true},
		{"a QWAC, without its jurisdiction", qwac, `CN=api.tpp.example,2.5.4.97=PSDGB-FCA-123456,O=Société A\, B & Co,L=London,ST=London,C=GB,` +
			`serialNumber=01234567,businessCategory=Private Organization`, false},

		{"e-mail, OpenSSL", mail, "C = GB, CN = a, emailAddress = ops@tpp.example", true},
		{"e-mail, Java", mail, "EMAILADDRESS=ops@tpp.example, CN=a, C=GB", true},
		{"e-mail, Java RFC 2253", mail, "1.2.840.113549.1.9.1=#160f6f7073407470702e6578616d706c65,CN=a,C=GB", true},
		{"e-mail, .NET and BouncyCastle", mail, "E=ops@tpp.example, CN=a, C=GB", true},
		{"e-mail, GnuTLS", mail, "EMAIL=ops@tpp.example,CN=a,C=GB", true},
		{"quotation marks, .NET", []string{`O=The "Bank"`}, `O="The ""Bank"""`, true},
		{"an empty quotation within one, .NET", []string{`O=a""b`}, `O="a""""b"`, true},
		{"T61String", []string{"O=20~Bank"}, "O=Bank", true},
		{"T61String in hex", []string{"O=Bank"}, "O=#140442616e6b", true},
		{"IA5String and UTF8String", []string{"CN=22~a"}, "CN=#0c0161", true},
		{"NumericString", []string{"SERIALNUMBER=18~0123"}, "SERIALNUMBER=0123", true},
		{"state by another tool's name, of another state", []string{"ST=London"}, "S=Leeds", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			registered, err := dn.Parse(test.printed)
			if err != nil {
				t.Fatal(err)
			}
			certificate := subject(t, test.certificate...)
			different := certificate.Differences(registered)
			if got := certificate.Matches(registered, false); got != test.want || (len(different) == 0) != got {
				t.Errorf("%s and %s: got %t with %v, want %t", certificate, registered, got, different, test.want)
			}
			if slashed, err := dn.Parse(certificate.Slashes()); err != nil || !certificate.Matches(slashed, false) {
				t.Errorf("%s is not the name: %v", certificate.Slashes(), err)
			}
		})
	}
}

func TestSlashes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"O=a,C=GB", "/C=GB/O=a"},
		{"CN=a+OU=b", "/OU=b+CN=a"},
		{"O=é", `/O=\xC3\xA9`},
		{`O=a\\b`, `/O=a\\b`},
		{"O=A/S Bank", "/O=A/S Bank"},
		{"O=a/CN=b", `/O=a\/CN=b`},
		{`O=a\+CN=b`, `/O=a\+CN=b`},
		{"2.5.4.97=a", "/organizationIdentifier=a"},
		{"1.2.3=#0c0161", "/1.2.3=a"},
	} {
		name, err := dn.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := name.Slashes(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
}

// TestDifferences asks for the message to a person who has written one of two names.
func TestDifferences(t *testing.T) {
	for _, test := range []struct{ name, first, second, want string }{
		{"the same", "CN=a,C=GB", "C=gb, CN=A", ""},
		{"a value", "CN=abc,C=GB", "CN=abd,C=GB", "CN=abc | CN=abd | CN differs from character 3 on: c (U+0063) and d (U+0064)"},
		{"letters that look alike", "O=Bank", "O=B\u0430nk", "O=Bank | O=B\u0430nk | O differs from character 2 on: a (U+0061) and \u0430 (U+0430)"},
		{"a longer value", "O=Bank", "O=Banks", "O=Bank | O=Banks | O is of 4 characters in one and of 5 in the other"},
		{"spaces", "O=Bankof Ireland", "O=Bank of Ireland", "O=Bankof Ireland | O=Bank of Ireland | O differs in where its spaces are"},
		{"missing in the second", "CN=a,OU=b", "CN=a", "OU=b |  | the other name has no such RDN"},
		{"missing in the first", "CN=a", "CN=a,2.5.4.97=PSD", " | organizationIdentifier=PSD | the other name has no such RDN"},
		{"order", "CN=a,OU=b,C=GB", "OU=b,CN=a,C=GB", " |  | the RDNs stand in another order, which is not the exact reverse"},
		{"order of two units", "CN=a,OU=b,OU=c", "CN=a,OU=c,OU=b", " |  | the RDNs stand in another order, which is not the exact reverse"},
		{"value and order", "CN=a,OU=b,C=GB", "OU=b,CN=x,C=GB",
			"CN=a | CN=x | CN differs from character 1 on: a (U+0061) and x (U+0078)\n |  | the RDNs stand in another order, which is not the exact reverse"},
		{"grouped", "CN=a+OU=b", "CN=a,OU=b", "OU=b+CN=a |  | the other name groups these attributes otherwise: a plus sign makes one RDN of several\n" +
			" | OU=b | the other name groups these attributes otherwise: a plus sign makes one RDN of several\n" +
			" | CN=a | the other name groups these attributes otherwise: a plus sign makes one RDN of several"},
		{"twice and once", "OU=a,OU=a", "OU=a", "OU=a |  | the other name has no such RDN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			first, errA := dn.Parse(test.first)
			second, errB := dn.Parse(test.second)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			var lines []string
			for _, d := range first.Differences(second) {
				lines = append(lines, d.First.String()+" | "+d.Second.String()+" | "+d.Why)
			}
			if got := strings.Join(lines, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestTypeName(t *testing.T) {
	for oid, want := range map[string]string{"2.5.4.3": "CN", "2.5.4.15": "businessCategory", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC", "1.2.3": "1.2.3"} {
		if got := dn.TypeName(oid); got != want {
			t.Errorf("%s: got %s, want %s", oid, got, want)
		}
	}
}
