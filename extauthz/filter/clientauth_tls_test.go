package filter_test

import (
	"strings"
	"testing"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestClientAuthByCertificate is T11, T12 and T14: tls_client_auth.
func TestClientAuthByCertificate(t *testing.T) {
	w := newWorld(t)
	const subject = "CN=" + softwareID + ",OU=" + orgID + ",O=OpenBanking,C=GB"
	byCertificate := func(c *dcrpb.Client) {
		c.TokenEndpointAuthMethod, c.TokenEndpointAuthSigningAlg, c.TlsClientAuthSubjectDn = "tls_client_auth", "", subject
	}
	registered := func(dn string) func(*dcrpb.Client) { return func(c *dcrpb.Client) { c.TlsClientAuthSubjectDn = dn } }
	newer := w.mint(w.legacy, legacyName(softwareID, orgID), nil)
	foreign := w.mint(w.legacy, legacyName(otherID, otherOrgID), nil)
	tests := []struct {
		name    string
		change  func(*dcrpb.Client)
		peer    leaf
		revoked string // what stands in the software's revoked set
		want    string
	}{
		{name: "the registered certificate", peer: w.transport},
		{name: "a newer certificate of the same subject", peer: newer},
		{name: "the subject registered in the other order", peer: w.transport, change: registered("C=GB,O=OpenBanking,OU=" + orgID + ",CN=" + softwareID)},
		{name: "another subject is registered", peer: w.transport, change: registered("CN=" + softwareID + ",OU=" + orgID + ",O=Other,C=GB"), want: unknownClient},
		{name: "a part of the subject is registered", peer: w.transport, change: registered("CN=" + softwareID), want: unknownClient},
		{name: "the attributes in mixed order", peer: w.transport, change: registered("OU=" + orgID + ",CN=" + softwareID + ",O=OpenBanking,C=GB"), want: unknownClient},
		{name: "no subject is registered", peer: w.transport, change: registered(""), want: "fault"},
		{name: "another software's certificate", peer: foreign, want: unknownClient},
		{name: "another software's certificate, whose subject is registered", peer: foreign,
			change: registered("CN=" + otherID + ",OU=" + otherOrgID + ",O=OpenBanking,C=GB"), want: unknownClient},
		{name: "the client is registered for private_key_jwt", peer: w.transport, change: func(c *dcrpb.Client) {
			c.TokenEndpointAuthMethod = "private_key_jwt"
		}, want: unknownClient},
		{name: "the client is suspended", peer: w.transport, change: func(c *dcrpb.Client) { c.State = dcrpb.Client_SUSPENDED }, want: unknownClient},
		{name: "the certificate is revoked", peer: w.transport, revoked: w.jwk(w.transport, "tls"), want: unknownClient},
		{name: "another certificate is revoked", peer: w.transport, revoked: w.jwk(newer, "tls")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			if test.revoked != "" {
				w.keystore.set("revoked", test.revoked)
				defer w.keystore.set("revoked")
			}
			client := w.client(byCertificate, func(c *dcrpb.Client) {
				if test.change != nil {
					test.change(c)
				}
			})
			r := w.form(map[string]string{"client_id": client.GetId()})
			r.PeerPEM = test.peer.escaped
			want(t, w.authenticate(w.chain("certificate", "clientauth"), r), test.want)
			if test.want == "" && (r.AuthMethod != "tls_client_auth" || len(r.UsedJTIs) != 0) {
				t.Errorf("proved %q with used jtis %v", r.AuthMethod, r.UsedJTIs)
			}
		})
	}
	w.keystore.taken()
	r := w.form(map[string]string{"client_id": strings.Repeat("x", 24)})
	want(t, w.authenticate(w.chain("certificate", "clientauth"), r), unknownClient)
	if asked := w.keystore.taken(); asked != "" {
		t.Errorf("key sets were fetched for a client that is not there: %s", asked)
	}
}
