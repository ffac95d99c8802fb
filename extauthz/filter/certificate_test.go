package filter_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

func TestCertificate(t *testing.T) {
	w := newWorld(t)
	text := toPEM(w.transport.der)
	other := w.mint(w.stranger, legacyName(softwareID, orgID), nil)
	tests := []struct{ name, peer, want string }{
		{"the software's", w.transport.escaped, ""},
		{"not escaped at all", text, ""},
		{"escaped by an older Envoy", strings.NewReplacer("\n", "%0A", " ", "%20", "+", "%2B", "/", "%2F", "=", "%3D").Replace(text), ""},
		{"an OBWAC", w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-"+registration), nil).escaped, ""},
		{"a QWAC", w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), nil).escaped, ""},

		{"none", "", "403 access_denied certificate.missing"},
		{"a broken escape", "%zz" + w.transport.escaped, "403 access_denied certificate.form"},
		{"escaped twice", escape(w.transport.escaped), "403 access_denied certificate.pem"},
		{"garbage", "garbage", "403 access_denied certificate.pem"},
		{"garbage in PEM", escape(toPEM([]byte("garbage"))), "403 access_denied certificate.form"},
		{"two certificates", escape(text + text), "403 access_denied certificate.pem"},
		{"a key", escape(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: w.transport.der}))), "403 access_denied certificate.pem"},
		{"a CA", escape(toPEM(w.legacy.Certificate.Raw)), "403 access_denied certificate.ca"},
		{"for signing only", w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) { c.ExtKeyUsage = nil }).escaped, "403 access_denied certificate.ext_key_usage"},
		{"for servers only", w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}).escaped, "403 access_denied certificate.ext_key_usage"},

		{"of a CA that is nobody's", other.escaped, "403 access_denied certificate.issuer"},
		{"a legacy subject of the CA of OBWACs", w.mint(w.eidas, legacyName(softwareID, orgID), nil).escaped, "403 access_denied certificate.kind"},
		{"an OBWAC of the CA of legacy certificates", w.mint(w.legacy, psdName("tpp.example", "VATGB-1"), nil).escaped, "403 access_denied certificate.kind"},
		{"a QWAC with a VAT number", w.mint(w.qtsp, psdName("tpp.example", "VATDE-123456789"), nil).escaped, "403 access_denied certificate.kind"},
		{"of no kind, of a CA that is nobody's", w.mint(w.stranger, pkix.Name{CommonName: softwareID}, nil).escaped, "403 access_denied certificate.issuer"},
		{"of no kind, expired", w.mint(w.legacy, pkix.Name{CommonName: softwareID}, func(c *x509.Certificate) {
			c.NotAfter = w.now.Add(-time.Second)
		}).escaped, "403 access_denied certificate.not_after"},
		{"of no kind", w.mint(w.legacy, pkix.Name{CommonName: softwareID}, nil).escaped, "403 access_denied certificate.kind"},
		{"of two names", w.mint(w.legacy, twoNames(), nil).escaped, "403 access_denied certificate.subject"},
		{"of an extension that nobody knows", w.mint(w.legacy, legacyName(softwareID, orgID), strange).escaped, "403 access_denied certificate.chain"},
		{"expired", w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) {
			c.NotAfter = w.now.Add(-time.Second)
		}).escaped, "403 access_denied certificate.not_after"},
		{"not valid yet", w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) {
			c.NotBefore = w.now.Add(time.Minute)
		}).escaped, "403 access_denied certificate.not_before"},
	}
	chain := w.chain("certificate")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 2 { // the second time from memory, where it was good
				r := w.request(nil, "")
				r.PeerPEM = test.peer
				want(t, w.in(t).run(chain, r), test.want)
				if (r.Certificate != nil) != (test.want == "") {
					t.Errorf("proved %v, verdict %q", r.Certificate, test.want)
				}
			}
		})
	}
}

// TestCertificateKinds asks which kinds a certificate is said to be: those of the CA that issued it, no others.
func TestCertificateKinds(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name string
		leaf leaf
		want []trust.Trust
	}{
		{"legacy", w.transport, []trust.Trust{{Directory: "loopback", Type: w.uk.CertificateTypes["ob_legacy"], Issuer: w.legacy.Certificate}}},
		{"an OBWAC looks like a QWAC", w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-1"), nil), []trust.Trust{{Directory: "loopback", Type: w.uk.CertificateTypes["obwac"], Issuer: w.eidas.Certificate}}},
		{"a QWAC looks like an OBWAC", w.mint(w.qtsp, psdName(orgID, "PSDGB-FCA-1"), nil), []trust.Trust{{Directory: "loopback", Type: w.uk.CertificateTypes["qwac"], Issuer: w.qtsp.Certificate}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.request(nil, "")
			r.PeerPEM = test.leaf.escaped
			want(t, w.in(t).run(w.chain("certificate"), r), "")
			if !slices.EqualFunc(r.Certificate.Trusts, test.want, sameTrust) {
				t.Errorf("got %v, want %v", r.Certificate.Trusts, test.want)
			}
			if r.Certificate.Thumbprint != test.leaf.thumbprint {
				t.Errorf("thumbprint %s, want %s", r.Certificate.Thumbprint, test.leaf.thumbprint)
			}
		})
	}
}

// TestCertificateExpiresInMemory proves that a certificate that was verified is not believed longer than it is valid.
func TestCertificateExpiresInMemory(t *testing.T) {
	w := newWorld(t)
	short := w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) { c.NotAfter = w.now.Add(5 * time.Minute) })
	chain := w.chain("certificate")
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{0, ""},
		{5*time.Minute - time.Second, ""},
		{5*time.Minute + time.Second, "403 access_denied certificate.not_after"},
		{time.Minute, ""}, // nothing was forgotten that the clock did not forbid
	} {
		r := w.request(nil, "")
		r.PeerPEM, r.Now = short.escaped, w.now.Add(step.after)
		want(t, w.run(chain, r), step.want)
	}
}

// strange adds a critical extension that nobody knows.
func strange(c *x509.Certificate) {
	c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
}

func twoNames() pkix.Name {
	return pkix.Name{OrganizationalUnit: []string{orgID}, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: otherID}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: softwareID},
	}}
}

// TestCertificateSaysWhy proves that a TPP is told what is wrong with its certificate, whatever directories there are
// beside its own, and where that is written.
func TestCertificateSaysWhy(t *testing.T) {
	w := newWorld(t)
	expired := w.mint(w.legacy, legacyName(softwareID, orgID), func(c *x509.Certificate) { c.NotAfter = w.now.Add(-time.Minute) })
	unfit := w.mint(w.legacy, legacyName(softwareID, orgID), strange)
	issuer := func(directory, file string) trust.Issuer {
		return trust.Issuer{Trust: trust.Trust{Directory: directory, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors[file]}
	}
	for name, anchors := range map[string][]trust.Issuer{
		"its own directory last":  {issuer("other", "qwac"), issuer("loopback", "ob_legacy")},
		"its own directory first": {issuer("loopback", "ob_legacy"), issuer("other", "qwac")},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := filter.NewCertificateFilter(anchors, nil)
			if err != nil {
				t.Fatal(err)
			}
			for leaf, rule := range map[*leaf]string{&expired: "certificate.not_after", &unfit: "certificate.chain"} {
				r := w.request(nil, "")
				r.PeerPEM = leaf.escaped
				refusal, _ := errors.AsType[*dcr.Error](w.in(t).run([]filter.Filter{f}, r))
				if refusal == nil || refusal.Rule != rule || !strings.HasPrefix(refusal.Clause, "RFC 5280, section ") {
					t.Errorf("got %+v, want %s", refusal, rule)
				}
			}
		})
	}
}

// TestCertificateOfSeveralDirectories has directories that name the same CA, and one that has another of its name.
func TestCertificateOfSeveralDirectories(t *testing.T) {
	w := newWorld(t)
	issuer := func(directory, profile string, anchors *cert.Anchors) trust.Issuer {
		return trust.Issuer{Trust: trust.Trust{Directory: directory, Type: w.uk.CertificateTypes[profile]}, Anchors: anchors}
	}
	f, err := filter.NewCertificateFilter([]trust.Issuer{
		issuer("one", "ob_legacy", w.anchors(w.legacy)), issuer("another", "ob_legacy", w.anchors(w.newCA("legacy"))),
		issuer("two", "obwac", w.anchors(w.legacy)), issuer("three", "ob_legacy", w.anchors(w.legacy)),
	}, nil)
	w.must(err)
	r := w.request(nil, "")
	want(t, w.run([]filter.Filter{f}, r), "")
	if got := r.Certificate.Trusts; len(got) != 2 || got[0].Directory != "one" || got[1].Directory != "three" {
		t.Errorf("got %v", got)
	}
}

func TestCertificateFilterNeedsCAs(t *testing.T) {
	if f, err := filter.NewCertificateFilter(nil, nil); err == nil {
		t.Errorf("a filter without CAs was made: %v", f)
	}
}

func sameTrust(a, b trust.Trust) bool {
	return a.Directory == b.Directory && a.Type == b.Type && a.Issuer.Equal(b.Issuer)
}
