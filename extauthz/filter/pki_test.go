package filter_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// leaf is a client certificate.
type leaf struct {
	der        []byte
	escaped    string // as Envoy hands it on
	thumbprint string
}

func (w *world) newCA(name string) *pki.Authority {
	w.t.Helper()
	authority, err := pki.NewRoot(pkix.Name{CommonName: name}, testkit.EC(w.t))
	w.must(err)
	return authority
}

// anchors are a CA as a directory has it.
func (w *world) anchors(ca *pki.Authority) *cert.Anchors {
	w.t.Helper()
	anchors, err := cert.NewAnchors([]byte(toPEM(ca.Certificate.Raw)))
	w.must(err)
	return anchors
}

// mint issues a client certificate that is valid for a day, unless the change says otherwise. Without a change, one with
// an authorisation number is authorised for every role.
func (w *world) mint(ca *pki.Authority, subject pkix.Name, change func(*x509.Certificate)) leaf {
	w.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: subject, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.AddDate(0, 0, 1),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if change == nil && len(subject.ExtraNames) > 0 {
		change = w.authorisedFor(1, 2, 3, 4)
	}
	if change != nil {
		change(template)
	}
	issuer := testkit.Pair{Certificate: ca.Certificate, Key: ca.Key}
	return newLeaf(testkit.Certify(w.t, &issuer, *template, nil).Certificate.Raw)
}

func newLeaf(der []byte) leaf {
	sum := sha256.Sum256(der)
	return leaf{der: der, escaped: escape(toPEM(der)), thumbprint: base64.RawURLEncoding.EncodeToString(sum[:])}
}

func toPEM(der []byte) string { return string(testkit.CertificatePEM(der)) }

// escape percent-encodes as Envoy does: a space is %20, not +.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// legacyName is the subject of an OB transport certificate.
func legacyName(software, org string) pkix.Name {
	return pkix.Name{CommonName: software, OrganizationalUnit: []string{org}, Organization: []string{"OpenBanking"}, Country: []string{"GB"}}
}

// psdName is the subject of an OBWAC, whose CN is an org_id, or of a QWAC, whose CN is a host.
func psdName(common, identifier string) pkix.Name {
	return pkix.Name{CommonName: common, Country: []string{"GB"}, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: identifier},
	}}
}

// key is a signing key with its public half as a directory publishes it.
type key struct {
	signer         crypto.Signer
	algorithm, kid string
	jwk            string
}

// keys are those of a world. token, directory and softwareRSA sign PS256, the others ES256.
type keys struct{ token, directory, softwareRSA, software, org, stranger key }

func newKeys(t testing.TB) keys {
	t.Helper()
	slow := func(n int) key { return newKey(t, testkit.RSA(t, n), jose.PS256) }
	return keys{token: slow(0), directory: slow(1), softwareRSA: slow(2), software: newEC(t), org: newEC(t), stranger: newEC(t)}
}

func newEC(t testing.TB) key {
	t.Helper()
	return newKey(t, testkit.EC(t), jose.ES256)
}

func newKey(t testing.TB, signer crypto.Signer, algorithm string) key {
	t.Helper()
	jwk, kid, err := jose.PublicJWK(signer.Public(), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return key{signer: signer, algorithm: algorithm, kid: kid, jwk: string(jwk)}
}
