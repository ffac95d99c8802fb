package scenario

import (
	"crypto/tls"
	"encoding/base64"
	"net/url"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// byCertificate registers with tls_client_auth, by the DN of the software's own certificate.
func byCertificate(dn string) func(*harness.JWT) {
	return both(claim("token_endpoint_auth_method", "tls_client_auth"), noClaim("token_endpoint_auth_signing_alg"),
		claim("tls_client_auth_subject_dn", dn))
}

func certificateForm(id string) url.Values {
	return with("grant_type", "client_credentials", "client_id", id)
}

// One method for each client, the one it is registered with.
func TestClientMethods(t *testing.T) {
	t.Parallel()
	jwt := newClient(t)
	p := newTPP(t)
	byTLS := p.register(t, byCertificate(p.Transport.Leaf.Subject.String()))
	unknown := badClient("clientauth.client")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(jwt.id+":secret"))
	for _, test := range []struct {
		name          string
		client        *client
		form          url.Values
		authorization []string
		want          want
	}{
		{"private_key_jwt by certificate", jwt, certificateForm(jwt.id), nil, unknown},
		{"tls_client_auth by assertion", byTLS, byTLS.form(nil), nil, unknown},
		{"by certificate without client_id", byTLS, with("grant_type", "client_credentials"), nil, badClient("clientauth.missing")},
		{"by certificate, with an empty client_id", byTLS, certificateForm(""), nil, badClient("clientauth.missing")},
		{"another client by certificate", byTLS, certificateForm(jwt.id), nil, unknown},
		{"nobody by certificate", byTLS, certificateForm("nobody"), nil, unknown},
		{"a client_id that looks like a key of the store", byTLS, certificateForm("{" + byTLS.id + "}"), nil, unknown},
		{"a client_id that is not the assertion's", jwt, jwt.form(with("client_id", byTLS.id)), nil, badClient("clientauth.sub")},
		{"a secret", jwt, with("grant_type", "client_credentials", "client_id", jwt.id, "client_secret", "s"), nil, badClient("clientauth.method")},
		{"Basic", jwt, with("grant_type", "client_credentials"), []string{basic}, badClient("clientauth.method")},
		{"Basic and an assertion", jwt, jwt.form(nil), []string{basic}, badRequest("clientauth.methods")},
		{"Basic and a secret", jwt, with("grant_type", "client_credentials", "client_secret", "s"), []string{basic}, badRequest("clientauth.methods")},
		{"a bearer token and an assertion", jwt, jwt.form(nil), []string{"Bearer x"}, badRequest("clientauth.methods")},
		{"no method", jwt, with("grant_type", "client_credentials"), nil, badClient("clientauth.missing")},
	} {
		t.Run(test.name, func(t *testing.T) {
			sent := call{method: "POST", url: test.client.World.File.Token, contentType: formType, body: test.form.Encode()}
			if test.authorization != nil {
				sent.header = header("Authorization", test.authorization...)
			}
			test.want.check(t, test.client.do(t, sent))
		})
	}
	byTLS.tokenOf(t, certificateForm(byTLS.id))
	jwt.token(t)
}

// An assertion that was stolen is worth nothing over a connection of somebody else.
func TestStolenAssertion(t *testing.T) {
	t.Parallel()
	victim := newClient(t)
	sibling := enrol(t, gateway, harness.Order{OrgID: victim.OrgID})
	for name, thief := range map[string]*tls.Certificate{"another organisation": &newTPP(t).Transport, "a sibling": &sibling.Transport} {
		t.Run(name, func(t *testing.T) {
			stolen := victim.form(nil)
			sent := call{method: "POST", url: victim.World.File.Token, contentType: formType, body: stolen.Encode(), certificate: thief}
			badClient("clientauth.client").check(t, victim.do(t, sent))
			victim.tokenOf(t, stolen) // which was not used by that
		})
	}
}

// The DN is compared as a DN, not as text.
func TestRegisteredDN(t *testing.T) {
	for _, test := range []struct {
		name string
		dn   func(p *tpp) string
	}{
		{"as RFC 4514 has it", func(p *tpp) string { return "C=GB,O=OpenBanking,OU=" + p.OrgID + ",CN=" + p.SoftwareID }},
		{"the other way round", func(p *tpp) string { return "CN=" + p.SoftwareID + ",OU=" + p.OrgID + ",O=OpenBanking,C=GB" }},
		{"with spaces and in other letters", func(p *tpp) string { return "cn=" + p.SoftwareID + ", ou=" + p.OrgID + ", o=openbanking, c=gb" }},
		{"by OIDs", func(p *tpp) string {
			return "2.5.4.3=" + p.SoftwareID + ",OID.2.5.4.11=" + p.OrgID + ",2.5.4.10=OpenBanking,2.5.4.6=GB"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			c := p.register(t, byCertificate(test.dn(p)))
			c.tokenOf(t, certificateForm(c.id))
		})
	}
}
