package desk

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// qualified issues a QWAC by a CA of its own, which takes the place of the directory's in its file.
func (w *world) qualified(identifier string) {
	w.t.Helper()
	key, err := pki.EC()
	ok(w.t, err)
	provider, err := pki.NewRoot(pkix.Name{CommonName: "a trust service provider"}, key)
	ok(w.t, err)
	template, err := pki.Qualified("tpp.example", identifier, []string{"AISP", "PISP"})
	ok(w.t, err)
	template.Subject = pkix.Name{CommonName: "tpp.example", Country: []string{"GB"}}
	if identifier != "" {
		template.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: identifier}}
	}
	leaf, err := provider.Issue(template, key.Public())
	ok(w.t, err)
	w.cert = string(pki.EncodeCertificate(leaf.Raw))
	w.write("qtsp.pem", string(pki.EncodeCertificate(provider.Certificate.Raw)))
	text, err := os.ReadFile(w.at("directory.yaml"))
	ok(w.t, err)
	w.write("directory.yaml", strings.ReplaceAll(string(text), "{profile: ob_legacy, ca: [issuing.pem]}", "{profile: qwac, ca: [qtsp.pem]}"))
}

// listed is a key set in which the certificate is a tls key.
func (w *world) listed() string {
	w.t.Helper()
	leaf, _ := pem.Decode([]byte(w.cert))
	jwk, err := pki.CertificateJWK(leaf.Bytes, "tls")
	ok(w.t, err)
	text, err := json.Marshal(map[string]any{"keys": []pki.JWK{jwk}})
	ok(w.t, err)
	return w.write("listed.jwks", string(text))
}

// TestLintQualified has a QWAC, which is the software's by its number or by a key set.
func TestLintQualified(t *testing.T) {
	const unknown = "whether the certificate is a tls key of the software product's"
	for _, test := range []struct {
		name   string
		number string // "" stands for the organisation's
		flags  func(*world) []string
		asked  bool // whether it is said that a key set must tell
	}{
		{"by its number", "", nil, false},
		{"of another number, without key sets", "999", nil, true},
		{"of another number, in the software's set", "999", func(w *world) []string { return []string{"--software-jwks", w.listed()} }, false},
		{"of another number, not in the software's set", "999", func(w *world) []string {
			return []string{"--software-jwks", w.fetch("software.jwks", w.made.member.JWKS)}
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if test.number == "" {
				test.number = "Unknown" + w.made.member.OrgID
			}
			w.qualified("PSDGB-OB-" + test.number)
			arguments := []string{"lint", w.write("claims.json", string(w.claims())), "--directory", w.at("directory.yaml"), "--cert", w.write("cert.pem", w.cert)}
			if test.flags != nil {
				arguments = append(arguments, test.flags(w)...)
			}
			var got linted
			code := answer(t, &got, arguments...)
			asked := slices.ContainsFunc(got.NotChecked, func(one string) bool { return strings.Contains(one, unknown) })
			if code != 0 || asked != test.asked {
				t.Errorf("code %d, %+v, not checked %q", code, got.Findings, got.NotChecked)
			}
		})
	}
}

// TestLintUnanchored has a certificate whose CA nobody here knows: the directories that are shipped name none.
func TestLintUnanchored(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*world)
		at    string
		want  string
	}{
		{"the software's", func(*world) {}, "", "keys.host"}, // the step after it: the sandbox's keys are elsewhere
		{"another software's", func(w *world) { w.cert = w.made.other.TransportCert }, "", "statement.certificate"},
		{"expired", func(*world) {}, "2040-01-01T00:00:00Z", "certificate.not_after"},
		{"not a TLS client's", func(w *world) { w.cert = w.made.member.SigningCert }, "", "certificate.ext_key_usage"},
		{"of two kinds, by its number", func(w *world) { w.qualified("PSDGB-OB-Unknown" + w.made.member.OrgID) }, "", "keys.host"},
		{"of two kinds, and perhaps in a key set", func(w *world) { w.qualified("PSDGB-FCA-999") }, "", "keys.host"},
		{"of an organisation without a number", func(w *world) { w.qualified("VATGB-1") }, "", "statement.certificate"},
		{"of no kind", func(w *world) { w.qualified("") }, "", "certificate.kind"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.spoil(w)
			arguments := []string{"lint", w.write("claims.json", string(w.claims())), "--cert", w.write("cert.pem", w.cert)}
			if test.at != "" {
				arguments = append(arguments, "--at", test.at)
			}
			var got linted
			if answer(t, &got, arguments...); strings.Join(rulesOf(got.Findings), " ") != test.want {
				t.Errorf("found %+v", got.Findings)
			}
		})
	}
}
