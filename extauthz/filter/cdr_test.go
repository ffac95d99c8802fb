package filter_test

import (
	"crypto/x509/pkix"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// cdrName is the subject of a certificate of the CDR's CA.
func cdrName(unit string) pkix.Name {
	return pkix.Name{CommonName: "Product", Organization: []string{"Brand"}, OrganizationalUnit: []string{unit}, Country: []string{"AU"}}
}

// TestCDRCertificates have no software's name: they are bound to one by its key, and by nothing else.
func TestCDRCertificates(t *testing.T) {
	w := newWorld(t)
	certificate, err := filter.NewCertificateFilter([]trust.Issuer{
		{Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes["cdr"]}, Anchors: w.anchors(w.stranger)},
	}, nil)
	w.must(err)
	client := w.client()
	own, stolen := w.keys.software.sign(t, nil, w.assertionClaims(client)), w.keys.stranger
	stolen.kid = w.keys.software.kid
	for _, test := range []struct {
		name                   string
		leaf                   leaf
		key                    key // the software's when zero
		registering, asserting string
	}{
		{"of the CA", w.mint(w.stranger, cdrName("Consumer Data Right"), nil), key{}, "", ""},
		{"of the CA, with another software's key", w.mint(w.stranger, cdrName("Consumer Data Right"), nil), stolen, badMetadata + "request.signature", unknownClient},
		{"of the CA, for something else", w.mint(w.stranger, cdrName("Something Else"), nil), key{}, "403 access_denied certificate.kind", "403 access_denied certificate.kind"},
		{"of the CA, with the software's names", w.mint(w.stranger, legacyName(softwareID, orgID), nil), key{}, "403 access_denied certificate.kind", "403 access_denied certificate.kind"},
		{"of another CA", w.mint(w.legacy, cdrName("Consumer Data Right"), nil), key{}, "403 access_denied certificate.issuer", "403 access_denied certificate.issuer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			a, assertion := w.application(), own
			a.certificate = test.leaf
			if test.key.signer != nil {
				a.requestKey = test.key
				assertion = test.key.sign(t, nil, w.assertionClaims(client))
			}
			r := w.registering(a)
			want(t, w.register([]filter.Filter{certificate, w.chain("certificate", "statement")[1]}, r), test.registering)
			if r.Registration != nil && r.Registration.CertificateType.Name != "cdr" {
				t.Errorf("bound as %s", r.Registration.CertificateType.Name)
			}
			asked := w.asserting(assertion)
			asked.PeerPEM = test.leaf.escaped
			want(t, w.authenticate([]filter.Filter{certificate, w.chain("certificate", "clientauth")[1]}, asked), test.asserting)
		})
	}
}
