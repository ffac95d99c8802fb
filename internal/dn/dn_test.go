package dn_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/dn/dntest"
)

// subject returns the DN of a certificate whose RDNs are written as for dntest.DER.
func subject(t testing.TB, rdns ...string) dn.Name {
	t.Helper()
	name, err := dn.ParseDER(dntest.DER(t, rdns...))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestMatches asks whether registered names are those of certificates. The names are written as banks asked TPPs to
// write them: three encodings of organizationIdentifier, an OID. prefix, either order, OpenSSL's form (field, P2).
func TestMatches(t *testing.T) {
	transport := []string{"C=~GB", "O=~OpenBanking", "OU=~0015800001HQQrZAAX", "CN=~oQ4KoaavpOuoE7rvQsZEOV"}
	obwac := []string{"C=~GB", "O=~WSO2 (UK) LIMITED", "organizationIdentifier=PSDGB-OB-Unknown0015800001HQQrZAAX", "CN=0015800001HQQrZAAX"}
	identifier := hex.EncodeToString([]byte("PSDGB-OB-Unknown0015800001HQQrZAAX"))
	const tail = ",O=WSO2 (UK) LIMITED,C=GB"
	tests := []struct {
		name        string
		certificate []string
		registered  string
		want        bool
	}{
		{"RFC 4514", transport, "CN=oQ4KoaavpOuoE7rvQsZEOV,OU=0015800001HQQrZAAX,O=OpenBanking,C=GB", true},
		{"order of the DER", transport, "C=GB,O=OpenBanking,OU=0015800001HQQrZAAX,CN=oQ4KoaavpOuoE7rvQsZEOV", true},
		{"spaces after commas", transport, "CN=oQ4KoaavpOuoE7rvQsZEOV, OU=0015800001HQQrZAAX, O=OpenBanking, C=GB", true},
		{"spaces everywhere", transport, "  CN = oQ4KoaavpOuoE7rvQsZEOV , OU = 0015800001HQQrZAAX ,O  =  OpenBanking,C= GB  ", true},
		{"lower-case names", transport, "cn=oQ4KoaavpOuoE7rvQsZEOV,ou=0015800001HQQrZAAX,o=OpenBanking,c=GB", true},
		{"lower-case values", transport, "CN=oq4koaavpouoe7rvqszeov,OU=0015800001hqqrzaax,O=openbanking,C=gb", true},
		{"OpenSSL", transport, "/C=GB/O=OpenBanking/OU=0015800001HQQrZAAX/CN=oQ4KoaavpOuoE7rvQsZEOV", true},
		{"OpenSSL, reversed", transport, "/CN=oQ4KoaavpOuoE7rvQsZEOV/OU=0015800001HQQrZAAX/O=OpenBanking/C=GB", true},
		{"quoted", transport, `CN="oQ4KoaavpOuoE7rvQsZEOV",OU=0015800001HQQrZAAX,O="OpenBanking",C=GB`, true},
		{"OIDs", transport, "2.5.4.3=oQ4KoaavpOuoE7rvQsZEOV,2.5.4.11=0015800001HQQrZAAX,2.5.4.10=OpenBanking,2.5.4.6=GB", true},
		{"another order", transport, "OU=0015800001HQQrZAAX,CN=oQ4KoaavpOuoE7rvQsZEOV,O=OpenBanking,C=GB", false},
		{"another CN", transport, "CN=oQ4KoaavpOuoE7rvQsZEOW,OU=0015800001HQQrZAAX,O=OpenBanking,C=GB", false},
		{"one RDN less", transport, "CN=oQ4KoaavpOuoE7rvQsZEOV,OU=0015800001HQQrZAAX,O=OpenBanking", false},
		{"one RDN more", transport, "CN=oQ4KoaavpOuoE7rvQsZEOV,OU=0015800001HQQrZAAX,O=OpenBanking,L=London,C=GB", false},
		{"values exchanged", transport, "CN=0015800001HQQrZAAX,OU=oQ4KoaavpOuoE7rvQsZEOV,O=OpenBanking,C=GB", false},
		{"one multi-valued RDN instead of two", transport, "CN=oQ4KoaavpOuoE7rvQsZEOV+OU=0015800001HQQrZAAX,O=OpenBanking,C=GB", false},
		{"the CN inside another value", transport, `OU=0015800001HQQrZAAX\,CN=oQ4KoaavpOuoE7rvQsZEOV,O=OpenBanking,C=GB`, false},

		{"identifier by name", obwac, "CN=0015800001HQQrZAAX,organizationIdentifier=PSDGB-OB-Unknown0015800001HQQrZAAX" + tail, true},
		{"identifier by name in capitals", obwac, "CN=0015800001HQQrZAAX,ORGANIZATIONIDENTIFIER=PSDGB-OB-Unknown0015800001HQQrZAAX" + tail, true},
		{"identifier by OID", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=PSDGB-OB-Unknown0015800001HQQrZAAX" + tail, true},
		{"identifier by OID. prefix", obwac, "CN=0015800001HQQrZAAX,OID.2.5.4.97=PSDGB-OB-Unknown0015800001HQQrZAAX" + tail, true},
		{"identifier by oid. prefix", obwac, "CN=0015800001HQQrZAAX,oid.2.5.4.97=PSDGB-OB-Unknown0015800001HQQrZAAX" + tail, true},
		{"hex UTF8String", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=#0c22" + identifier + tail, true},
		{"hex PrintableString", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=#1322" + identifier + tail, true},
		{"hex in capitals", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=#1322" + strings.ToUpper(identifier) + tail, true},
		{"hex under a name", obwac, "CN=0015800001HQQrZAAX,organizationIdentifier=#0C22" + identifier + tail, true},
		{"hex with a prefix and spaces", obwac, "CN=0015800001HQQrZAAX, OID.2.5.4.97 = #0c22" + identifier + " " + tail, true},
		{"OpenSSL with an OID", obwac, "/C=GB/O=WSO2 (UK) LIMITED/2.5.4.97=PSDGB-OB-Unknown0015800001HQQrZAAX/CN=0015800001HQQrZAAX", true},
		{"another identifier", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=PSDGB-FCA-Unknown0015800001HQQrZAAX" + tail, false},
		{"hex without #", obwac, "CN=0015800001HQQrZAAX,2.5.4.97=0c22" + identifier + tail, false},
		{"Go's printing", obwac, "CN=0015800001HQQrZAAX" + tail, false},

		{"one space more in O", []string{"O=Bank of  Ireland ", "CN=a"}, "CN=a,O=Bank of Ireland", true},
		{"spaces in the registered O", []string{"O=Bank of Ireland", "CN=a"}, `CN=a,O=\ Bank  of Ireland\ `, true},
		{"no space in O", []string{"O=Bank of Ireland"}, "O=Bankof Ireland", false},
		{"escaped comma", []string{"O=Bank, Ltd"}, `O=Bank\, Ltd`, true},
		{"escaped comma in hex", []string{"O=Bank, Ltd"}, `O=Bank\2C Ltd`, true},
		{"quoted comma", []string{"O=Bank, Ltd"}, `O="Bank, Ltd"`, true},
		{"escaped quotation marks", []string{`O=The "Bank"`}, `O=The \"Bank\"`, true},
		{"quotation marks within quotation marks", []string{`O=The "Bank"`}, `O="The \"Bank\""`, true},
		{"plus sign", []string{"O=a+b"}, `O=a\+b`, true},
		{"leading number sign", []string{"O=#1 Bank"}, `O=\#1 Bank`, true},
		{"equals sign", []string{"O=a=b"}, "O=a=b", true},
		{"escaped equals sign", []string{"O=a=b"}, `O=a\=b`, true},
		{"backslash", []string{`O=a\b`}, `O=a\\b`, true},
		{"UTF-8", []string{"O=Société Générale"}, "O=Société Générale", true},
		{"UTF-8 escaped", []string{"O=Société"}, `O=Soci\C3\A9t\c3\a9`, true},
		{"UTF-8, OpenSSL", []string{"O=Société"}, `/O=Soci\xC3\xA9t\xC3\xA9`, true},
		{"UTF-8, other case", []string{"O=CAFÉ ΣΑΣ"}, "O=café σας", true},
		{"Kelvin sign", []string{"O=Bank"}, "O=Ban\u212a", true},
		{"homograph", []string{"O=Bank"}, "O=B\u0430nk", false},
		{"BMPString", []string{"O=30~\x00\xe9"}, "O=é", true},
		{"slash in a value, OpenSSL", []string{"O=A/S Bank", "CN=a"}, "/O=A/S Bank/CN=a", true},
		{"slash in a value, escaped", []string{"O=a/CN=b"}, `/O=a\/CN=b`, true},
		{"slash in a value that looks like a type", []string{"O=a/CN=b"}, "/O=a/CN=b", false},
		{"multi-valued RDN", []string{"C=GB", "CN=a + OU=b"}, "CN=a+OU=b,C=GB", true},
		{"multi-valued RDN, other order", []string{"C=GB", "CN=a + OU=b"}, "OU=B + CN=A, C=GB", true},
		{"multi-valued RDN, two of one type", []string{"OU=a + OU=b"}, "OU=b+OU=a", true},
		{"multi-valued RDN, OpenSSL", []string{"C=GB", "CN=a + OU=b"}, "/C=GB/OU=b+CN=a", true},
		{"plus sign in a value, OpenSSL", []string{"O=a+b", "CN=c"}, "/O=a+b/CN=c", true},
		{"multi-valued RDN, one missing", []string{"CN=a + OU=b"}, "CN=a", false},
		{"all names", []string{"ST=a", "L=b", "STREET=c", "DC=d", "UID=e", "SERIALNUMBER=f", "emailAddress=22~g@h.i"},
			"st=a,l=b,street=c,dc=d,uid=e,serialNumber=f,EMAILADDRESS=g@h.i", true},
		{"an OID without a name", []string{"1.3.6.1.4.1.311.60.2.1.3=~GB", "CN=a"}, "CN=a,1.3.6.1.4.1.311.60.2.1.3=#13024742", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			registered, err := dn.Parse(test.registered)
			if err != nil {
				t.Fatal(err)
			}
			certificate := subject(t, test.certificate...)
			if got := certificate.Matches(registered, false); got != test.want {
				t.Errorf("%s and %s: got %t, want %t", certificate, registered, got, test.want)
			}
			if different := certificate.Differences(registered); (len(different) == 0) != test.want {
				t.Errorf("differences %v, want %t", different, test.want)
			}
			reparsed, err := dn.Parse(registered.String())
			if err != nil || !reparsed.Matches(registered, false) {
				t.Errorf("%s does not mean the same when it is read again: %v", registered, err)
			}
		})
	}
}

func TestMatchesLossy(t *testing.T) {
	obwac := subject(t, "C=GB", "O=Bank", "2.5.4.97=PSDGB-FCA-1", "CN=a")
	tests := []struct {
		name, registered string
		certificate      dn.Name
		want             bool
	}{
		{"whole", "CN=a,2.5.4.97=PSDGB-FCA-1,O=Bank,C=GB", obwac, true},
		{"without the identifier", "CN=a,O=Bank,C=GB", obwac, true},
		{"without the identifier, reversed", "C=GB,O=Bank,CN=a", obwac, true},
		{"without the identifier of a multi-valued RDN", "CN=a,C=GB", subject(t, "C=GB", "CN=a + 2.5.4.97=PSDGB-FCA-1"), true},
		{"another identifier", "CN=a,2.5.4.97=PSDGB-FCA-2,O=Bank,C=GB", obwac, false},
		{"without O too", "CN=a,C=GB", obwac, false},
		{"another CN", "CN=b,O=Bank,C=GB", obwac, false},
		{"an identifier the certificate lacks", "CN=a,2.5.4.97=PSDGB-FCA-1", subject(t, "CN=a"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			registered, err := dn.Parse(test.registered)
			if err != nil {
				t.Fatal(err)
			}
			if got := test.certificate.Matches(registered, true); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestEmptyMatchesNothing(t *testing.T) {
	only := subject(t, "2.5.4.97=PSDGB-FCA-1")
	if (dn.Name{}).Matches(nil, true) || dn.Name(nil).Matches(only, true) || only.Matches(dn.Name{}, true) {
		t.Error("an empty name matched")
	}
}

func TestParseDNRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "type=value"},
		{"blank", "  ", "type=value"},
		{"no type", "foo", "type=value"},
		{"empty type", "=foo", "type=value"},
		{"trailing comma", "CN=a,", "type=value"},
		{"leading comma", ",CN=a", "type=value"},
		{"empty RDN", "CN=a,,C=GB", "type=value"},
		{"trailing plus sign", "CN=a+", "type=value"},
		{"comma in a value", "CN=a,O=Bank, Ltd", "type=value"},
		{"plus sign in a value", "O=a+b", "type=value"},
		{"space in a type", "C N=a", "type=value"},
		{"unknown name", "FOO=a", "not known"},
		{"name that folds to a known one", "\u017fT=a", "type=value"},
		{"OID of one number", "2=a", "not known"},
		{"OID with a leading zero", "2.05.4.3=a", "not known"},
		{"OID with two dots", "2..5=a", "not known"},
		{"OID. without OID", "OID.=a", "not known"},
		{"OID. before a name", "OID.CN=a", "not known"},
		{"no value", "CN=", "has no value"},
		{"blank value", `CN=\ \ `, "has no value"},
		{"empty quoted value", `CN=""`, "has no value"},
		{"open quotation mark", `CN="a`, "not closed"},
		{"text after a quotation mark", `CN="a"b`, "follows"},
		{"quotation mark in a value", `O=The "Bank"`, "needs a backslash"},
		{"semicolon in a value", "CN=a;b,C=GB", "needs a backslash"},
		{"line end in a value", "CN=a\nb,C=GB", "type=value"},
		{"semicolon at the end", "CN=a;", "type=value"},
		{"angle bracket", "CN=<a>", "needs a backslash"},
		{"backslash at the end", `CN=a\`, "backslash"},
		{"backslash and a letter", `CN=a\z`, "backslash"},
		{"half a hex pair", `CN=a\4`, "backslash"},
		{"backslash in quotation marks", `CN="a\z"`, "backslash"},
		{"hex of odd length", "CN=#0c016", "hexadecimal"},
		{"hex of other letters", "CN=#0c01zz", "hexadecimal"},
		{"hex and text", "CN=#0c0161 b", "follows"},
		{"hex of nothing", "CN=#", "not DER"},
		{"hex with a wrong length", "CN=#0c0261", "not DER"},
		{"hex with a byte more", "CN=#0c016161", "not DER"},
		{"hex of an INTEGER", "CN=#020101", "not a string"},
		{"hex of an OCTET STRING", "1.3.6.1.4.1.1466.0=#04024869", "not a string"},
		{"hex of a context tag", "CN=#8c0161", "not DER"},
		{"hex of broken UTF-8", "CN=#0c01ff", "well-formed"},
		{"hex of a broken PrintableString", "CN=#130140", "well-formed"},
		{"hex of half a surrogate", "CN=#1e02d800", "well-formed"},
		{"hex of an empty string", "CN=#0c00", "has no value"},
		{"hex of NUL", "CN=#0c03610062", "control"},
		{"NUL", `CN=a\00`, "control"},
		{"carriage return", `CN=Before\0dAfter`, "control"},
		{"raw control character", "CN=a\x01", "control"},
		{"broken UTF-8", "CN=\xff", "UTF-8"},
		{"broken UTF-8, escaped", `CN=\ff`, "UTF-8"},
		{"replacement character", "CN=\ufffd", "UTF-8"},
		{"attribute twice", "CN=a+CN=a", "twice"},
		{"attribute twice, other case and type", "CN=Bank A+2.5.4.3=bank  a", "twice"},
		{"slash alone", "/", "/type=value"},
		{"slash and an unknown name", "/FOO=a", "/type=value"},
		{"slash without a value", "/CN=/O=a", "has no value"},
		{"slash, attribute twice", "/CN=a+CN=A", "twice"},
		{"slash, backslash", `/CN=a\b`, "backslash"},
		{"slash, half a hex pair", `/CN=a\x4`, "backslash"},
		{"slash, NUL", `/CN=a\x00`, "control"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name, err := dn.Parse(test.text)
			if name != nil || err == nil || !strings.Contains(err.Error(), test.want) || !isSentence(err) {
				t.Errorf("got %s, %v; want an error with %q", name, err, test.want)
			}
		})
	}
}

func TestString(t *testing.T) {
	tests := []struct {
		name    string
		subject []string
		want    string
	}{
		{"last RDN first", []string{"C=~GB", "O=~Bank", "2.5.4.97=~PSDGB-FCA-1", "CN=~a"}, "CN=a,organizationIdentifier=PSDGB-FCA-1,O=Bank,C=GB"},
		{"multi-valued", []string{"CN=a + OU=b"}, "OU=b+CN=a"},
		{"special characters", []string{`O=# "a", <b>; \c#d =e `}, `O=\# \"a\"\, \<b\>\; \\c#d =e\ `},
		{"space at the beginning", []string{"O= a"}, `O=\ a`},
		{"no name", []string{"2.5.4.17=~EC1"}, "2.5.4.17=#0c03454331"},
		{"UTF-8", []string{"O=é"}, "O=é"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := subject(t, test.subject...).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzParse proves that an accepted name, written and read again, is the same name.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"CN=a,OU=b,O=Bank\\, Ltd,C=GB", "OU=Sales + CN=J. Smith,DC=example,DC=net", "/C=GB/O=a\\xC3\\xA9 + OU=b/CN=c",
		"OID.2.5.4.97=#1303414243", "1.2.3=\"a, b\"", "CN=\\ \\23 a\\ ", "CN=Lu\\C4\\8Di\\C4\\87", "2.5.4.97=#1e0200e9", "/O=#a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := dn.Parse(text)
		if err != nil {
			if !isSentence(err) {
				t.Errorf("not fit for a challenge: %q", err)
			}
			return
		}
		again, err := dn.Parse(name.String())
		if err != nil || !name.Matches(again, false) || name.String() != again.String() {
			t.Errorf("%q became %q: %v", text, name, err)
		}
		slashed, err := dn.Parse(name.Slashes())
		if err != nil || len(name.Differences(slashed)) > 0 {
			t.Errorf("%q became %q: %v", text, name.Slashes(), err)
		}
	})
}

// isSentence says whether an error is fit for an answer: printable ASCII without quotes.
func isSentence(err error) bool {
	return !strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}
