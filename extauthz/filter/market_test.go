package filter_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

// brazil is all that an administrator writes for the certificates of another market: UID is the software's id, and
// organizationIdentifier the organisation's after a prefix (Open Finance Brasil, Certificate Standard).
const brazil = `certificate_types:
  brcac:
    subject: {UID: "{software_id}", organizationIdentifier: "OFBBR-{org_id}"}
certificates:
  - {type: brcac, ca: [legacy.pem]}
`

func brazilName(software, identifier string) pkix.Name {
	return pkix.Name{CommonName: "tpp.example", Country: []string{"BR"}, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: identifier},
		{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: software},
	}}
}

// TestTypeOfAnotherMarket: a type that only a directory's file knows is verified, bound and told as the others are.
func TestTypeOfAnotherMarket(t *testing.T) {
	w := newWorld(t)
	w.uk = w.loadDirectory(brazil)
	client := w.client()
	const kind = "403 access_denied certificate.kind"
	for _, test := range []struct {
		name                   string
		leaf                   leaf
		registering, asserting string
	}{
		{"the software's", w.mint(w.legacy, brazilName(softwareID, "OFBBR-"+orgID), nil), "", ""},
		{"another software's", w.mint(w.legacy, brazilName(otherID, "OFBBR-"+orgID), nil), badStatement + "certificate", unknownClient},
		{"another organisation's", w.mint(w.legacy, brazilName(softwareID, "OFBBR-"+otherOrgID), nil), badStatement + "certificate", unknownClient},
		{"with nothing after the prefix", w.mint(w.legacy, brazilName(softwareID, "OFBBR-"), nil), badStatement + "certificate", unknownClient},
		{"of another prefix", w.mint(w.legacy, brazilName(softwareID, "OFIBR-"+orgID), nil), kind, kind},
		{"of a type of the UK's", w.transport, kind, kind},
		{"of another CA", w.mint(w.qtsp, brazilName(softwareID, "OFBBR-"+orgID), nil), "403 access_denied certificate.issuer", "403 access_denied certificate.issuer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			a := w.application()
			a.certificate = test.leaf
			r := w.registering(a)
			want(t, w.register(w.chain("certificate", "statement"), r), test.registering)
			if test.registering == "" {
				kind := r.Registration.CertificateType
				if software, org := kind.Names(r.Certificate.Subject); kind.Name != "brcac" || software != softwareID || org != orgID {
					t.Errorf("bound as %s to %s of %s", kind.Name, software, org)
				}
			}
			asked := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client)))
			asked.PeerPEM = test.leaf.escaped
			want(t, w.authenticate(w.chain("certificate", "clientauth"), asked), test.asserting)
		})
	}
}

// TestTypeProvesTheSoftware: a request that is not signed needs a certificate that names the software product, of
// whatever type.
func TestTypeProvesTheSoftware(t *testing.T) {
	w := newWorld(t)
	w.uk = w.loadDirectory(brazil)
	a := w.application()
	a.contentType = "application/json"
	a.certificate = w.mint(w.legacy, brazilName(softwareID, "OFBBR-"+orgID), nil)
	want(t, w.register(w.chain("certificate", "statement"), w.plain(a, nil)), "")
}
