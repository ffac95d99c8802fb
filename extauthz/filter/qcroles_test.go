package filter_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// authorisedFor puts a PSD2 statement with roles into a certificate: 2 is payments, 3 accounts, 4 funds (ETSI TS 119 495,
// annex A).
func (w *world) authorisedFor(roles ...int) func(*x509.Certificate) {
	w.t.Helper()
	type role struct {
		ID   asn1.ObjectIdentifier
		Name string `asn1:"utf8"`
	}
	type psd2 struct {
		Roles         []role
		Name, Country string `asn1:"utf8"`
	}
	type statement struct {
		ID   asn1.ObjectIdentifier
		Info psd2
	}
	said := statement{asn1.ObjectIdentifier{0, 4, 0, 19495, 2}, psd2{Roles: []role{}, Name: "Financial Conduct Authority", Country: "GB-FCA"}}
	for _, number := range roles {
		said.Info.Roles = append(said.Info.Roles, role{asn1.ObjectIdentifier{0, 4, 0, 19495, 1, number}, "as authorised"})
	}
	der, err := asn1.Marshal([]statement{said})
	w.must(err)
	return func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: der}}
	}
}

// TestRolesOfCertificates asks at registration, at the token endpoint and on a call: "SSA software_roles ⊆ certificate
// roles when a PSD2 qcStatement exists". The software is of AISP and PISP.
func TestRolesOfCertificates(t *testing.T) {
	w := newWorld(t)
	wac := func(change func(*x509.Certificate)) leaf {
		return w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-"+registration), change)
	}
	qwac := func(change func(*x509.Certificate)) leaf {
		return w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), change)
	}
	refused := [3]string{unapproved + "statement.certificate_roles", unknownClient, invalidToken}
	for _, test := range []struct {
		name    string
		leaf    leaf
		off     bool
		refused bool
	}{
		{name: "of the old kind, which says nothing", leaf: w.transport},
		{name: "an OBWAC that says nothing", leaf: wac(func(*x509.Certificate) {}), refused: true},
		{name: "an OBWAC that says nothing, and the directory does not ask", leaf: wac(func(*x509.Certificate) {}), off: true},
		{name: "a QWAC that says nothing", leaf: qwac(func(*x509.Certificate) {}), refused: true},
		{name: "exactly its roles", leaf: wac(w.authorisedFor(3, 2))},
		{name: "all roles", leaf: wac(w.authorisedFor(1, 2, 3, 4))},
		{name: "all roles, in a QWAC", leaf: qwac(w.authorisedFor(1, 2, 3, 4))},
		{name: "accounts alone", leaf: wac(w.authorisedFor(3)), refused: true},
		{name: "accounts alone, in a QWAC", leaf: qwac(w.authorisedFor(3)), refused: true},
		{name: "accounts and a role that nobody knows", leaf: wac(w.authorisedFor(3, 9)), refused: true},
		{name: "no role", leaf: wac(w.authorisedFor()), refused: true},
		{name: "accounts alone, and the directory does not ask", leaf: wac(w.authorisedFor(3)), off: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			directories := w.directories(func(d *dcr.Directory) { d.QCRoles = d.QCRoles && !test.off })
			var wants [3]string
			if test.refused {
				wants = refused
			}
			a := w.application()
			a.certificate = test.leaf
			want(t, w.register(w.chainOf(directories, "certificate", "statement"), w.registering(a)), wants[0])
			client := w.client(func(c *dcrpb.Client) { c.Software.Roles = []string{"AISP", "PISP"} })
			asserting := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client)))
			asserting.PeerPEM = test.leaf.escaped
			want(t, w.authenticate(w.chainOf(directories, "certificate", "clientauth"), asserting), wants[1])
			want(t, w.run(w.chainOf(directories, "certificate", "bearer"), w.calling(client, test.leaf)), wants[2])
		})
	}
}
