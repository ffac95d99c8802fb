package desk

import (
	"strings"
	"testing"
)

func TestShowName(t *testing.T) {
	w := newWorld(t)
	transport, signing := w.write("transport.pem", w.made.member.TransportCert), w.write("signing.pem", w.made.member.SigningCert)
	legacy := "CN=" + w.made.member.SoftwareID + ",OU=" + w.made.member.OrgID + ",O=OpenBanking,C=GB"
	for _, test := range []struct {
		name, operand string
		want          []string
	}{
		{"as OpenSSL writes it", `C = GB, O = "Bank, Ltd", organizationIdentifier = PSDGB-FCA-1234, CN = a`, []string{
			"1  C                       2.5.4.6   GB", `RFC 4514                    CN=a,organizationIdentifier=PSDGB-FCA-1234,O=Bank\, Ltd,C=GB`,
			"/C=GB/O=Bank, Ltd/organizationIdentifier=PSDGB-FCA-1234/CN=a", "(60 characters)", "authorisation number        1234 of GB-FCA",
			"as obwac                    org_id a", "as qwac                     registration_id 1234",
		}},
		{"a QWAC without a number", "CN=tpp.example,2.5.4.97=PSDGB", []string{"as qwac", "no authorisation number (want PSDcc-NCA-number)"}},
		{"of several attributes", "CN=a+OU=b,C=GB", []string{"  2  OU  2.5.4.11  b\n  +  CN  2.5.4.3   a", "/C=GB/OU=b+CN=a"}},
		{"of the CDR", "CN=Product,OU=Consumer Data Right,O=Brand,C=AU", []string{"as cdr                      does not name a software product"}},
		{"of no type", "O=a", []string{"not one of a shipped directory: cdr, ob_legacy"}},
		{"two names", "CN=a,CN=b", []string{"names nobody", "more than one CN"}},
		{"long", "CN=" + strings.Repeat("a", 200), []string{"(203 characters: OBIE DCR before 3.4 allows 128)"}},
		{"a transport certificate", transport, []string{legacy + "\n", "as ob_legacy                org_id " + w.made.member.OrgID, "x5t#S256", "valid until"}},
		{"a signing certificate", signing, []string{legacy + "\n", "as a TLS client             is refused: the client certificate's extended key usage lacks clientAuth"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "dn", "show", test.operand)
			for _, want := range test.want {
				if !strings.Contains(stdout, want) || code != 0 {
					t.Errorf("code %d, %q is missing in\n%s%s", code, want, stdout, stderr)
				}
			}
		})
	}
	var shown shownName
	if code := answer(t, &shown, "dn", "show", transport); code != 0 || shown.RFC4514 != legacy || shown.Kinds[0].SoftwareID != w.made.member.SoftwareID {
		t.Errorf("code %d: %+v", code, shown)
	}
}

func TestCompareNames(t *testing.T) {
	w := newWorld(t)
	transport := w.write("transport.pem", w.made.member.TransportCert)
	for _, test := range []struct {
		name, first, second string
		code                int
		want                string
	}{
		{"the same", "CN=a,C=GB", "/C=gb/CN=A", 0, "the same name: CN=a,C=GB\n"},
		{"a certificate and its name", transport, "C=GB, O=openbanking, OU=" + w.made.member.OrgID + ", CN=" + w.made.member.SoftwareID, 0, "the same name"},
		{"a value", "CN=a,C=GB", "CN=b,C=GB", 1, "in the first   CN=a\nin the second  CN=b\n               CN differs from character 1 on"},
		{"more in one", "CN=a,C=GB", "CN=a", 1, "only in the first  C=GB\n"},
		{"less in one", "CN=a", "CN=a,C=GB", 1, "only in the second  C=GB\n"},
		{"order", "CN=a,OU=b,C=GB", "OU=b,CN=a,C=GB", 1, "order  the RDNs stand in another order"},
		{"without the identifier", "CN=a,2.5.4.97=PSD,C=GB", "CN=a,C=GB", 1, "may use the certificate here, but perhaps not at other banks"},
		{"an invalid file", "CN=a", "none.pem", 2, "none.pem is neither a file nor a distinguished name"},
		{"a file that is no certificate", "CN=a", w.at("directory.yaml"), 2, "not one PEM block"},
		{"a name that cannot be read", "CN=a,", "CN=a", 2, "want type=value"},
		{"with the word subject", "subject=C = GB, CN = a", "CN=a,C=GB", 0, "the same name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "dn", "compare", test.first, test.second)
			if code != test.code || !strings.Contains(stdout+stderr, test.want) {
				t.Errorf("code %d: %s%s", code, stdout, stderr)
			}
		})
	}
	var compared comparison
	if code := answer(t, &compared, "dn", "compare", "CN=a", "CN=b"); code != 1 || compared.Same || compared.Differences[0].Second != "CN=b" {
		t.Errorf("code %d: %+v", code, compared)
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"dn"}, "compare A B"},
		{[]string{"dn", "shaw"}, "did you mean show?"},
		{[]string{"dn", "show"}, "usage: dcr-gateway dn show"},
		{[]string{"dn", "compare", "CN=a"}, "usage: dcr-gateway dn compare"},
		{[]string{"ssa"}, "show FILE"},
		{[]string{"ssa", "show"}, "usage: dcr-gateway ssa show"},
	} {
		if stdout, stderr, code := run(t, test.arguments...); code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: code %d, %q, %q", test.arguments, code, stdout, stderr)
		}
	}
	for _, arguments := range [][]string{{"dn", "-h"}, {"dn", "show", "--help"}, {"ssa", "-h"}, {"lint", "-h"}} {
		if stdout, stderr, code := run(t, arguments...); code != 0 || stderr != "" || !strings.Contains(stdout, exitCodes) {
			t.Errorf("%v: code %d, %q, %q", arguments, code, stdout, stderr)
		}
	}
}
