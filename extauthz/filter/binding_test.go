package filter_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// TestBinding covers which certificates belong to a statement.
func TestBinding(t *testing.T) {
	w := newWorld(t)
	const refused = badStatement + "certificate"
	obwac := w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-"+registration), nil)
	listed := w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-999"), nil)
	tests := []struct {
		name    string
		leaf    leaf
		sets    map[string]string
		change  claims
		want    string
		profile string
		fetched string
	}{
		{name: "the software's", leaf: w.transport, profile: "ob_legacy", fetched: "directory org-revoked revoked software"},
		{name: "another software's of the organisation", leaf: w.mint(w.legacy, legacyName(otherID, orgID), nil), want: refused, fetched: "directory"},
		{name: "the software's id of another organisation", leaf: w.mint(w.legacy, legacyName(softwareID, otherOrgID), nil), want: refused, fetched: "directory"},
		{name: "swapped", leaf: w.mint(w.legacy, legacyName(orgID, softwareID), nil), want: refused, fetched: "directory"},
		{name: "the organisation's OBWAC", leaf: obwac, profile: "obwac", fetched: "directory org-revoked revoked software"},
		{name: "another organisation's OBWAC", leaf: w.mint(w.eidas, psdName(otherOrgID, "PSDGB-FCA-"+registration), nil), want: refused, fetched: "directory"},
		{name: "a QWAC of the authorisation number", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), nil), profile: "qwac",
			fetched: "directory org-revoked revoked software"},
		{name: "a QWAC of the same number of another country", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDDE-FCA-"+registration), nil), want: refused,
			fetched: "directory org software"},
		{name: "a QWAC of the same number of another authority", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDGB-PRA-"+registration), nil), want: refused,
			fetched: "directory org software"},
		{name: "a QWAC of another number", leaf: listed, want: refused, fetched: "directory org software"},
		{name: "one that the software lists", leaf: listed, sets: map[string]string{"software": w.keys.software.jwk + "," + w.jwk(listed, "tls")}, profile: "qwac",
			fetched: "directory org-revoked revoked software"},
		{name: "one that the organisation lists", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "tls")}, profile: "qwac",
			fetched: "directory org org-revoked revoked software"},
		{name: "one that is listed for signing", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "sig")}, want: refused, fetched: "directory org software"},
		{name: "one that is listed and revoked", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "tls"), "org-revoked": w.jwk(listed, "tls")},
			want: unapproved + "keys.revoked", fetched: "directory org org-revoked revoked software"},
		{name: "a QWAC, and a statement without a number", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"), nil),
			change: claims{"organisation_competent_authority_claims": nil}, want: refused, fetched: "directory org software"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			defer w.publish()
			a := w.application()
			a.certificate = test.leaf
			for name, value := range test.change {
				a.statement[name] = value
			}
			w.keystore.taken()
			r := w.registering(a)
			want(t, w.register(w.chain("certificate", "statement"), r), test.want)
			if r.Registration != nil && r.Registration.CertificateType.Name != test.profile {
				t.Errorf("bound as %s, want %s", r.Registration.CertificateType.Name, test.profile)
			}
			if asked := w.keystore.taken(); asked != test.fetched {
				t.Errorf("fetched %q, want %q", asked, test.fetched)
			}
		})
	}
}

// TestBindingOfTwoKinds has one CA issue two types of certificates: the first type that a certificate matches decides, and
// no other.
func TestBindingOfTwoKinds(t *testing.T) {
	w := newWorld(t)
	anchors := func(profiles ...string) (list []trust.Issuer) {
		for _, profile := range profiles {
			list = append(list, trust.Issuer{Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes[profile]}, Anchors: w.uk.Anchors["obwac"]})
		}
		return list
	}
	numbered := w.mint(w.eidas, psdName("tpp.example", "PSDGB-FCA-"+registration), nil)
	named := w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-999"), nil)
	tests := []struct {
		name     string
		profiles []string
		leaf     leaf
		want     string
	}{
		{"OBWAC first, by its name", []string{"obwac", "qwac"}, named, ""},
		{"OBWAC first, by its number", []string{"obwac", "qwac"}, numbered, badStatement + "certificate"},
		{"QWAC first, by its number", []string{"qwac", "obwac"}, numbered, ""},
		{"QWAC first, by its name", []string{"qwac", "obwac"}, named, badStatement + "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			certificate, err := filter.NewCertificateFilter(anchors(test.profiles...), nil)
			w.must(err)
			a := w.application()
			a.certificate = test.leaf
			chain := append([]filter.Filter{certificate}, w.chain("certificate", "statement")[1])
			r := w.registering(a)
			want(t, w.register(chain, r), test.want)
			if test.want == "" && r.Registration.CertificateType.Name != test.profiles[0] {
				t.Errorf("bound as %s", r.Registration.CertificateType.Name)
			}
		})
	}
}

// TestBindingOfAnotherDirectory comes with a certificate of the right names, of a CA that is trusted, though not by the
// directory that knows the software: each directory gives out names of its own.
func TestBindingOfAnotherDirectory(t *testing.T) {
	w := newWorld(t)
	certificate, err := filter.NewCertificateFilter([]trust.Issuer{
		{Trust: trust.Trust{Directory: "elsewhere", Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors["qwac"]},
		{Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors["ob_legacy"]},
	}, nil)
	w.must(err)
	client := w.client()
	assertion := w.keys.software.sign(t, nil, w.assertionClaims(client))
	for _, test := range []struct {
		name                   string
		leaf                   leaf
		registering, asserting string
	}{
		{"the directory's own", w.transport, "", ""},
		{"another directory's", w.mint(w.qtsp, legacyName(softwareID, orgID), nil), badStatement + "certificate", unknownClient},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			a := w.application()
			a.certificate = test.leaf
			want(t, w.register([]filter.Filter{certificate, w.chain("certificate", "statement")[1]}, w.registering(a)), test.registering)
			r := w.asserting(assertion)
			r.PeerPEM = test.leaf.escaped
			want(t, w.authenticate([]filter.Filter{certificate, w.chain("certificate", "clientauth")[1]}, r), test.asserting)
		})
	}
}
