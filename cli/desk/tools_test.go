package desk

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// named are subjects of certificates, in the order of their DER.
func named() map[string]pkix.RDNSequence {
	organizationIdentifier, uid := asn1.ObjectIdentifier{2, 5, 4, 97}, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	x520 := func(last int, value string) pkix.RelativeDistinguishedNameSET {
		return pkix.RelativeDistinguishedNameSET{{Type: asn1.ObjectIdentifier{2, 5, 4, last}, Value: value}}
	}
	number := pkix.RelativeDistinguishedNameSET{{Type: organizationIdentifier, Value: "PSDGB-FCA-123456"}}
	return map[string]pkix.RDNSequence{
		"qualified": {x520(6, "GB"), x520(10, "Example Payments Ltd"), number, x520(7, "London"), x520(5, "77"), x520(15, "Private Organization"),
			x520(9, "1 Road"), x520(17, "E1"), {{Type: uid, Value: "u1"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: "x"}}, x520(3, "tpp.example")},
		"difficult": {x520(6, "FR"), x520(10, "Soci\u00e9t\u00e9 \"X\", Ltd; A+B <c> \\ d/e=f"), number, x520(7, "#Lyon "), x520(3, "a")},
	}
}

// A printer is a tool that prints the subject of a certificate, and the line of its output that has it.
type printer struct {
	name    string
	command []string // CERT stands for the file
	line    string   // what the line begins with; all of the output when empty
	plain   bool     // it escapes nothing: a difficult name cannot be read back
}

var printers = []printer{
	{name: "openssl", command: []string{"openssl", "x509", "-noout", "-subject", "-in", "CERT"}},
	{name: "openssl, no spaces", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "oneline,-space_eq", "-in", "CERT"}},
	{name: "openssl, RFC 2253", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in", "CERT"}},
	{name: "openssl, RFC 2253 in UTF-8", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8", "-in", "CERT"}},
	{name: "openssl, slashes", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "compat", "-in", "CERT"}, plain: true},
	{name: "openssl, several lines", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "multiline", "-in", "CERT"}, plain: true},
	{name: "openssl, long names", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "lname,sep_comma_plus", "-in", "CERT"}, plain: true},
	{name: "openssl, OIDs", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "oid,sep_comma_plus", "-in", "CERT"}, plain: true},
	{name: "openssl, semicolons", command: []string{"openssl", "x509", "-noout", "-subject", "-nameopt", "sname,sep_semi_plus_space", "-in", "CERT"}, plain: true},
	{name: "openssl -text", command: []string{"openssl", "x509", "-noout", "-text", "-in", "CERT"}, line: "Subject:"},
	{name: "node", command: []string{"node", "-e", "console.log(new (require('crypto').X509Certificate)(require('fs').readFileSync('CERT')).subject)"}},
	{name: "keytool", command: []string{"keytool", "-printcert", "-file", "CERT"}, line: "Owner:"},
	{name: "python", command: []string{"python3", "-c",
		"from cryptography import x509; print(x509.load_pem_x509_certificate(open('CERT','rb').read()).subject)"}},
}

// TestNamesAsToolsPrintThem compares a certificate with what each tool of this machine prints of it, pasted as it is.
func TestNamesAsToolsPrintThem(t *testing.T) {
	ran := 0
	for name, subject := range named() {
		raw, err := asn1.Marshal(subject)
		ok(t, err)
		template := x509.Certificate{RawSubject: raw, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
		pair := testkit.Certify(t, nil, template, nil)
		file := filepath.Join(t.TempDir(), "cert.pem")
		ok(t, os.WriteFile(file, pair.PEM(), 0o600))
		for _, p := range printers {
			printed, there := p.print(t, file)
			if !there || p.plain && name == "difficult" {
				continue
			}
			ran++
			same(t, name+", "+p.name, file, printed)
		}
		if printed, there := curl(t, pair.TLS()); there && name != "difficult" {
			ran++
			same(t, name+", curl -v", file, printed)
		}
	}
	t.Logf("%d outputs of tools", ran)
}

func same(t *testing.T, name, file, printed string) {
	t.Helper()
	stdout, stderr, code := run(t, "dn", "compare", file, printed)
	if code != 0 {
		t.Errorf("%s: %q is not the name: %s%s", name, printed, stdout, stderr)
	}
}

// print runs the tool, if it is on this machine.
func (p printer) print(t *testing.T, file string) (printed string, there bool) {
	t.Helper()
	if _, err := exec.LookPath(p.command[0]); err != nil {
		return "", false
	}
	var command []string
	for _, word := range p.command {
		command = append(command, strings.ReplaceAll(word, "CERT", file))
	}
	out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).Output()
	if err != nil {
		t.Logf("%s does not run here: %v", p.name, err)
		return "", false
	}
	return lineOf(string(out), p.line), true
}

// lineOf is the line that begins with a word, after spaces; all lines if the word is empty.
func lineOf(text, begin string) string {
	if begin == "" {
		return text
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, begin) {
			return line
		}
	}
	return ""
}

// curl connects to a server that has the certificate.
func curl(t *testing.T, certificate tls.Certificate) (printed string, there bool) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		return "", false
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), "curl", "-kvs", "-o", os.DevNull, server.URL)
	command.Stderr = &stderr
	ok(t, command.Run())
	return lineOf(stderr.String(), "subject:"), true
}

// TestFilesAroundTheFirstCertificate: text, a chain and a key do not matter.
func TestFilesAroundTheFirstCertificate(t *testing.T) {
	w := newWorld(t)
	key := testkit.KeyPEM(t, testkit.EC(t))
	for name, text := range map[string]string{
		"text before":       "subject=/CN=x\n\nBag Attributes\n    friendlyName: x\n" + w.cert,
		"a chain":           w.cert + w.made.other.TransportCert,
		"a key before":      string(key) + w.cert,
		"text after":        w.cert + "\nthe end\n",
		"Windows' lines":    strings.ReplaceAll("first\n"+w.cert+w.made.other.TransportCert, "\n", "\r\n"),
		"a byte order mark": "\ufeff" + w.cert,
	} {
		file := w.write("around.pem", text)
		same(t, name, w.write("alone.pem", w.cert), file)
		var got linted
		if code := answer(t, &got, append([]string{"lint", w.write("request.jwt", w.signed()), "--cert", file}, w.files()[:len(w.files())-2]...)...); code != 0 {
			t.Errorf("%s: %+v", name, got.Findings)
		}
	}
}
