package scenario

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Certificates with which there is no connection at all: no HTTP answer tells an attacker anything.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	subject := harness.LegacySubject(p.OrgID, p.SoftwareID)
	template := func(change func(*x509.Certificate)) *x509.Certificate {
		certificate := harness.TransportTemplate(subject)
		if change != nil {
			change(certificate)
		}
		return certificate
	}
	otherCA := harness.OwnCA(t, ca.Leaf.Subject)
	leaf := harness.Issue(t, &ca, template(nil))
	below := harness.Issue(t, &leaf, template(nil))
	below.Certificate = append(below.Certificate, leaf.Certificate...)
	for name, certificate := range map[string]*tls.Certificate{
		"none":                                  nil,
		"signed by itself":                      ptr(harness.Issue(t, nil, template(nil))),
		"of a CA of the same name":              ptr(harness.Issue(t, &otherCA, template(nil))),
		"expired":                               ptr(harness.Issue(t, &ca, template(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }))),
		"not valid yet":                         ptr(harness.Issue(t, &ca, template(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }))),
		"of a server":                           ptr(harness.Issue(t, &ca, template(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))),
		"the signing certificate":               &p.SigningCert,
		"issued by a TPP, which is no CA":       &below,
		"another's certificate without its key": {Certificate: newTPP(t).Transport.Certificate, PrivateKey: p.Transport.PrivateKey},
	} {
		for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				sent := call{method: "POST", url: p.registration, contentType: "application/jose", body: p.Request().Compact(), certificate: certificate,
					anonymous: certificate == nil, protocol: protocol}
				if answer, err := p.send(t, sent); err == nil {
					t.Errorf("got %s, want no connection", answer)
				}
			})
		}
	}
}

func ptr[T any](value T) *T { return &value }

// Certificates that a trusted CA has issued, and that are not those of the software in the statement.
var boundCertificates = []struct {
	name    string
	subject func(p *tpp) pkix.Name
	want    want
}{
	{"another software of the organisation", func(p *tpp) pkix.Name { return harness.LegacySubject(p.OrgID, "4Y5JPbNtmxDcTzs7GzKpA1") }, unfit("statement.certificate")},
	{"another organisation's software of that name", func(p *tpp) pkix.Name { return harness.LegacySubject("0015800001HQQrZAAX", p.SoftwareID) }, unfit("statement.certificate")},
	{"organisation and software the other way round", func(p *tpp) pkix.Name { return harness.LegacySubject(p.SoftwareID, p.OrgID) }, unfit("statement.certificate")},
	{"the software's name in small letters", func(p *tpp) pkix.Name { return harness.LegacySubject(p.OrgID, swapCase(p.SoftwareID)) }, unfit("statement.certificate")},
	{"a space behind the name", func(p *tpp) pkix.Name { return harness.LegacySubject(p.OrgID, p.SoftwareID+" ") }, unfit("statement.certificate")},
	{"an OBWAC of another organisation", func(*tpp) pkix.Name { return obwacSubject("0015800001HQQrZAAX") }, unfit("statement.certificate")},
	{"an OBWAC with the software's name", func(p *tpp) pkix.Name { return obwacSubject(p.SoftwareID) }, unfit("statement.certificate")},
	{"two common names, ours last", func(p *tpp) pkix.Name { return twoNames(p, "4Y5JPbNtmxDcTzs7GzKpA1", p.SoftwareID) },
		want{http.StatusForbidden, "access_denied", "certificate.subject"}},
	{"two common names, ours first", func(p *tpp) pkix.Name { return twoNames(p, p.SoftwareID, "4Y5JPbNtmxDcTzs7GzKpA1") },
		want{http.StatusForbidden, "access_denied", "certificate.subject"}},
	{"no organisational unit", func(p *tpp) pkix.Name {
		return pkix.Name{CommonName: p.SoftwareID, Organization: []string{"OpenBanking"}}
	},
		want{http.StatusForbidden, "access_denied", "certificate.kind"}},
}

func obwacSubject(orgID string) pkix.Name {
	return pkix.Name{
		CommonName: orgID, Organization: []string{"Sandbox Organisation"}, Country: []string{"GB"},
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: harness.OrganizationIdentifier, Value: "PSDGB-OB-Unknown" + orgID}},
	}
}

func twoNames(p *tpp, names ...string) pkix.Name {
	subject := harness.LegacySubject(p.OrgID, "")
	for _, name := range names {
		subject.ExtraNames = append(subject.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: name})
	}
	return subject
}

func TestCertificatesAreBound(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	register := func(t *testing.T, certificate tls.Certificate) *harness.Answer {
		return p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: p.Request().Compact(), certificate: &certificate})
	}
	for _, test := range boundCertificates {
		t.Run(test.name, func(t *testing.T) {
			test.want.check(t, register(t, harness.Issue(t, &ca, harness.TransportTemplate(test.subject(p)))))
		})
	}
	t.Run("another organisation's own", func(t *testing.T) { unfit("statement.certificate").check(t, register(t, newTPP(t).Transport)) })
	t.Run("a sibling's own", func(t *testing.T) {
		unfit("statement.certificate").check(t, register(t, enrol(t, gateway, harness.Order{OrgID: p.OrgID}).Transport))
	})
	// A certificate of the same names is as good, once the directory lists it: certificates rotate.
	renewed := harness.Issue(t, &ca, harness.TransportTemplate(harness.LegacySubject(p.OrgID, p.SoftwareID)))
	publish(t, p, renewed)
	if answer := register(t, renewed); answer.Status != http.StatusCreated {
		t.Errorf("a new certificate of the software: %s", answer)
	}
}

// A client of nobody else's statement: the sender has all of its own, and the statement of another software.
func TestStatementsOfOthers(t *testing.T) {
	t.Parallel()
	p, victim := newTPP(t), newTPP(t)
	sibling := enrol(t, gateway, harness.Order{OrgID: p.OrgID})
	refuseAll(t, p, []attack{
		{"of another organisation", claim("software_statement", victim.StatementText), unfit("statement.certificate")},
		{"of another software of the organisation", claim("software_statement", sibling.StatementText), unfit("statement.certificate")},
	})
	victim.register(t, nil)
}

// A key, or a certificate, that the directory has revoked registers nothing.
func TestRevokedKeys(t *testing.T) {
	for _, test := range []struct {
		name   string
		revoke func(t *testing.T, p *tpp) error
	}{
		{"the signing key", func(t *testing.T, p *tpp) error { return p.RevokeKey(t.Context(), p.SigningKeyID) }},
		{"the transport key", func(t *testing.T, p *tpp) error { return p.RevokeKey(t.Context(), p.TransportKeyID) }},
		{"the transport certificate, by its serial number", func(t *testing.T, p *tpp) error {
			return p.World.RevokeCertificate(t.Context(), p.TransportSerial)
		}},
	} {
		t.Run(test.name+" before registration", func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			if err := test.revoke(t, p); err != nil {
				t.Fatal(err)
			}
			unapproved("keys.revoked").check(t, p.post(t, p.Request()))
		})
		t.Run(test.name+" of a client", func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			if err := test.revoke(t, c.tpp); err != nil {
				t.Fatal(err)
			}
			// What the gateway knows of revocations is a second old at most.
			eventually(t, 5*time.Second, "the revoked client is refused", func() bool {
				return c.ask(t, c.World.File.Token, c.form(nil)).Status == http.StatusUnauthorized
			})
			badClient("clientauth.client").check(t, c.ask(t, c.World.File.Token, c.form(nil)))
		})
	}
}

// The challenge and the text are the same for every failure of a handshake's successor: nobody learns whose name is known.
func TestBindingSaysNothing(t *testing.T) {
	t.Parallel()
	p, other := newTPP(t), newTPP(t)
	var texts []string
	for _, certificate := range []*tls.Certificate{&other.Transport, &enrol(t, gateway, harness.Order{OrgID: p.OrgID}).Transport} {
		answer := p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: p.Request().Compact(), certificate: certificate})
		texts = append(texts, string(answer.Body))
	}
	if len(slices.Compact(texts)) != 1 || strings.Contains(texts[0], p.SoftwareID) {
		t.Errorf("the answers differ, or name the software: %q", texts)
	}
}
