package harness

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// OrganizationIdentifier is the attribute of eIDAS certificates that crypto/x509's names do not have (ETSI EN 319 412-1).
var OrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

// TransportTemplate is a certificate for TLS clients that is valid now. With an authorisation number it has the PSD2
// statement of an OBWAC or QWAC, with every role.
func TransportTemplate(subject pkix.Name) *x509.Certificate {
	template := &x509.Certificate{
		Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if len(subject.ExtraNames) > 0 {
		template.ExtraExtensions = must(pki.Qualified("", "", []string{"ASPSP", "PISP", "AISP", "CBPII"})).ExtraExtensions
	}
	return template
}

// LegacySubject is the subject of an OB transport certificate.
func LegacySubject(orgID, softwareID string) pkix.Name {
	return pkix.Name{CommonName: softwareID, OrganizationalUnit: []string{orgID}, Organization: []string{"OpenBanking"}, Country: []string{"GB"}}
}

// Issue certifies a new P-256 key. A nil CA makes it sign itself.
func Issue(tb testing.TB, ca *tls.Certificate, template *x509.Certificate) tls.Certificate {
	tb.Helper()
	var issuer *testkit.Pair
	if ca != nil {
		issuer = &testkit.Pair{Certificate: ca.Leaf, Key: ca.PrivateKey.(crypto.Signer)}
	}
	return testkit.Certify(tb, issuer, *template, nil).TLS()
}

// OwnCA makes an untrusted CA with the name of a trusted one.
func OwnCA(tb testing.TB, name pkix.Name) tls.Certificate {
	tb.Helper()
	template := testkit.CA("")
	template.Subject = name
	return Issue(tb, nil, &template)
}
