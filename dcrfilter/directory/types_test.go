package directory_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// known are the shipped types, and one of another market.
func known(t *testing.T) map[string]*dcr.CertificateType {
	t.Helper()
	types := directory.Types()
	types["brcac"] = &dcr.CertificateType{Subject: map[string]string{"UID": "{software_id}", "2.5.4.97": "OFBBR-{org_id}"}}
	if wrong := types["brcac"].Compile("brcac"); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return types
}

// TestTypes says of which types a subject is, and by which of them it is the software product's.
func TestTypes(t *testing.T) {
	of := &dcr.Software{Id: "soft", OrgId: "org", Authority: "GB-FCA", AuthorisationNumber: "123 456"}
	for _, test := range []struct{ subject, is, bound string }{
		{"CN=soft,OU=org", "ob_legacy", "ob_legacy"},
		{"CN=soft,OU=org,O=OpenBanking,C=GB", "ob_legacy", "ob_legacy"},
		{"CN=other,OU=org", "ob_legacy", ""},
		{"CN=soft,OU=other", "ob_legacy", ""},
		{"CN=soft,OU=ORG", "ob_legacy", ""},
		{"CN=soft ,OU=org", "ob_legacy", "ob_legacy"}, // the space is not the value's
		{"CN=org,OU=soft", "ob_legacy", ""},
		{"CN=soft,OU=org,OU=org2", "", ""},
		{"CN=org,2.5.4.97=VATGB-1", "obwac", "obwac"},
		{"CN=org,2.5.4.97=PSDGB-FCA-9", "obwac qwac", "obwac"},
		{"CN=org,OU=x,2.5.4.97=PSDGB-FCA-123 456", "obwac qwac", "obwac qwac"},
		{"CN=soft,2.5.4.97=PSDGB-FCA-123 456", "obwac qwac", "qwac"},
		{"CN=soft,2.5.4.97=PSDDE-FCA-123 456", "obwac qwac", ""},
		{"CN=soft,2.5.4.97=PSDGB-PRA-123 456", "obwac qwac", ""},
		{"CN=soft,2.5.4.97=PSDGB-FCA-123", "obwac qwac", ""},
		{"CN=soft,2.5.4.97=PSDGB-FCA-", "obwac qwac", ""},
		{"2.5.4.97=PSD", "qwac", ""},
		{"CN=Product,O=Brand,OU=Consumer Data Right", "cdr ob_legacy", "cdr"},
		{"CN=Product,O=Brand,OU=Consumer data right", "ob_legacy", ""},
		{"CN=Product,O=a,O=b,OU=Consumer Data Right", "ob_legacy", ""},
		{"O=Brand,OU=Consumer Data Right", "", ""},
		{"CN=Product,O=Brand,OU=Consumer Data Right,2.5.4.97=NTRAU-1", "obwac", ""},
		{"UID=soft,2.5.4.97=OFBBR-org", "brcac", "brcac"},
		{"CN=tpp.example,UID=soft,2.5.4.97=OFBBR-org", "brcac obwac", "brcac"},
		{"UID=other,2.5.4.97=OFBBR-org", "brcac", ""},
		{"UID=soft,2.5.4.97=OFBBR-other", "brcac", ""},
		{"UID=soft,2.5.4.97=OFBBR-", "brcac", ""},
		{"UID=soft,UID=soft2,2.5.4.97=OFBBR-org", "", ""},
		{"CN=a", "", ""},
	} {
		subject, err := dn.Parse(test.subject)
		if err != nil {
			t.Fatal(err)
		}
		var is, bound []string
		types := known(t)
		for _, name := range slices.Sorted(maps.Keys(types)) {
			if types[name].Is(subject) {
				is = append(is, name)
			}
			if types[name].Binds(subject, of) {
				bound = append(bound, name)
			}
			if types[name].Binding != dcr.BySignature && (types[name].Binds(subject, nil) || types[name].Binds(subject, &dcr.Software{})) {
				t.Errorf("%s is nobody's %s", test.subject, name)
			}
		}
		if got, b := strings.Join(is, " "), strings.Join(bound, " "); got != test.is || b != test.bound {
			t.Errorf("%s: is %q, bound %q; want %q, %q", test.subject, got, b, test.is, test.bound)
		}
	}
}

// TestExamples: the subject that a type has of a software product is of the type, bound to it, and says its ids.
func TestExamples(t *testing.T) {
	of := &dcr.Software{Id: "soft", OrgId: "org", Authority: "GB-FCA", AuthorisationNumber: "1"}
	want := map[string]string{"ob_legacy": "soft org", "obwac": " org", "qwac": " ", "cdr": " ", "brcac": "soft org"}
	for name, kind := range known(t) {
		subject := kind.Example(of)
		software, org := kind.Names(subject)
		if !kind.Is(subject) || !kind.Binds(subject, of) || software+" "+org != want[name] || kind.NamesSoftware() != (software != "") {
			t.Errorf("%s: %s says %q and %q", name, subject, software, org)
		}
	}
	if uncompiled := (&dcr.CertificateType{Subject: map[string]string{"CN": "*"}}); uncompiled.Is(dn.Name{{{Type: dn.CommonName, Value: "a"}}}) {
		t.Error("a type that was not compiled is a certificate's")
	}
}

func TestTypesThatAreWrong(t *testing.T) {
	for _, test := range []struct{ pattern, binding, want string }{
		{"{software_id}", "", ""},
		{"a-{org_id}-b", "", ""},
		{"PSD{authority}-{authorisation_number}", "subject_or_listed", ""},
		{"a*b", "signature", ""},
		{"a*b", "", "must name the software product"},
		{"", "", "must name the software product"},
		{"a", "subject_or_listed", "must name the software product"},
		{"{software_id}", "signature", "must not name the software product"},
		{"{authorisation_number}", "", "must be text"},
		{"{authority}", "", "must be text"},
		{"{authorisation_number}-{authority}", "", "must be text"},
		{"{software_id}{org_id}", "", "must be text"},
		{"{software}", "", "must be text"},
		{"{software_id", "", "must be text"},
		{"software_id}", "", "must be text"},
		{"}{", "", "must be text"},
		{"*{org_id}", "", "must be text"},
		{"**", "signature", "must be text"},
	} {
		kind := &dcr.CertificateType{Subject: map[string]string{"CN": test.pattern}, Binding: test.binding}
		var found []string
		for _, err := range kind.Compile("own") {
			found = append(found, err.Error())
		}
		if got := strings.Join(found, " "); !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%q %q: got %q, want %q", test.pattern, test.binding, got, test.want)
		}
	}
	kind := &dcr.CertificateType{Subject: map[string]string{"CNN": "{org_id}"}}
	if wrong := kind.Compile("own"); wrong["CNN"] == nil {
		t.Errorf("got %v", wrong)
	}
}
