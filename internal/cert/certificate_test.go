package cert

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/dn/dntest"
)

// rsaKey returns an RSA public key of so many bits, which nobody holds the private part of.
func rsaKey(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}

func TestParseChecksForm(t *testing.T) {
	ca := newCA(t, "ca", nil, nil)
	change := func(c func(*x509.Certificate)) []byte { return ca.issue(t, c) }
	emptyKeyUsage := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 2, 7, 0}}
	good := change(nil)
	tests := []struct {
		name string
		der  []byte
		want string
	}{
		{"good", good, ""},
		{"no key usage", change(func(c *x509.Certificate) { c.KeyUsage = 0 }), ""},
		{"P-384", ca.issueFor(t, newKey(t, elliptic.P384()).Public(), nil), ""},
		{"RSA 2048", ca.issueFor(t, rsaKey(2048), nil), ""},
		{"RSA 8192", ca.issueFor(t, rsaKey(8192), nil), ""},
		{"SHA-384", change(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA384 }), ""},
		{"nothing", nil, "certificate.form"},
		{"trailing byte", append(slices.Clone(good), 0), "certificate.form"},
		{"two certificates", slices.Concat(good, good), "certificate.form"},
		{"truncated", good[:len(good)-1], "certificate.form"},
		{"CA", change(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), "certificate.ca"},
		{"no digitalSignature", change(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "certificate.key_usage"},
		{"no bit of key usage", change(func(c *x509.Certificate) {
			c.KeyUsage, c.ExtraExtensions = 0, []pkix.Extension{emptyKeyUsage}
		}), "certificate.key_usage"},
		{"no EKU", change(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), "certificate.ext_key_usage"},
		{"server only", change(func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] }), "certificate.ext_key_usage"},
		{"any EKU", change(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), "certificate.ext_key_usage"},
		{"OB signing", change(func(c *x509.Certificate) {
			c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 311, 10, 3, 12}}
		}), "certificate.ext_key_usage"},
		{"RSA 2047", ca.issueFor(t, rsaKey(2047), nil), "certificate.key"},
		{"RSA 8193", ca.issueFor(t, rsaKey(8193), nil), "certificate.key"},
		{"P-224", ca.issueFor(t, newKey(t, elliptic.P224()).Public(), nil), "certificate.key"},
		{"P-521", ca.issueFor(t, newKey(t, elliptic.P521()).Public(), nil), "certificate.key"},
		{"Ed25519", ca.issueFor(t, make(ed25519.PublicKey, ed25519.PublicKeySize), nil), "certificate.key"},
		{"SHA-1", sha1Signed(good), "certificate.signature_algorithm"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse(test.der)
			if got := ruleOf(t, err); got != test.want {
				t.Errorf("refused by %q, want %q", got, test.want)
			}
			if (c == nil) != (err != nil) {
				t.Error("a refused certificate was returned, or a good one was not")
			}
		})
	}
}

// sha1Signed renames the signature algorithm of a certificate to ecdsa-with-SHA1, whose OID is shorter by one arc: the
// SEQUENCE around it shrinks, and with it those around that.
func sha1Signed(der []byte) []byte {
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	sha1 := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}}
	_, _ = asn1.Unmarshal(der, &outer)
	was, _ := asn1.Marshal(outer.Algorithm)
	becomes, _ := asn1.Marshal(sha1)
	outer.Algorithm = sha1
	outer.TBS = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Replace(outer.TBS.Bytes, was, becomes, 1)}
	der, _ = asn1.Marshal(outer)
	return der
}

func TestParseReadsSubject(t *testing.T) {
	ca := newCA(t, "ca", nil, nil)
	type facts struct{ authority, number, refused string }
	long := strings.Repeat("9", 128)
	tests := []struct {
		name    string
		subject []string
		want    facts
	}{
		{"OB legacy", []string{"C=~GB", "O=~OpenBanking", "OU=~org1", "CN=~sw1"}, facts{}},
		{"CDR", []string{"C=AU", "O=Brand", "OU=Consumer Data Right", "CN=Product"}, facts{}},
		{"two Os", []string{"O=a", "O=b", "CN=c"}, facts{}},
		{"OBWAC", []string{"C=~GB", "O=~WSO2 (UK) LIMITED", "organizationIdentifier=~PSDGB-OB-Unknown001", "CN=~001"},
			facts{authority: "GB-OB", number: "Unknown001"}},
		{"QWAC", []string{"C=DE", "2.5.4.97=PSDDE-BAFIN-104114", "CN=api.bank.example"}, facts{authority: "DE-BAFIN", number: "104114"}},
		{"number with hyphens and spaces", []string{"2.5.4.97=PSDMT-MFSA-A-1 23"}, facts{authority: "MT-MFSA", number: "A-1 23"}},
		{"number of 128", []string{"2.5.4.97=PSDMT-MFSA-" + long}, facts{authority: "MT-MFSA", number: long}},
		{"number of 129", []string{"2.5.4.97=PSDMT-MFSA-9" + long}, facts{}},
		{"no number", []string{"2.5.4.97=PSDMT-MFSA-"}, facts{}},
		{"lower-case authority", []string{"2.5.4.97=PSDMT-mfsa-1"}, facts{}},
		{"authority of one letter", []string{"2.5.4.97=PSDMT-M-1"}, facts{}},
		{"authority of nine letters", []string{"2.5.4.97=PSDMT-ABCDEFGHI-1"}, facts{}},
		{"country of three letters", []string{"2.5.4.97=PSDMTX-MFSA-1"}, facts{}},
		{"VAT", []string{"2.5.4.97=VATGB-123456789"}, facts{}},
		{"two OUs", []string{"OU=a", "OU=b", "CN=c"}, facts{}},
		{"two OUs in one RDN", []string{"OU=a + OU=b", "CN=c"}, facts{}},
		{"multi-valued RDN", []string{"CN=a + OU=b"}, facts{}},
		{"IA5String", []string{"CN=22~a"}, facts{}},
		{"BMPString", []string{"CN=30~\x00\xe9"}, facts{}},
		{"TeletexString, ASCII", []string{"CN=20~a"}, facts{}},
		{"TeletexString, not ASCII", []string{"CN=20~\xe9"}, facts{refused: "certificate.subject"}},
		{"two CNs", []string{"CN=a", "CN=b"}, facts{refused: "certificate.subject"}},
		{"two CNs in one RDN", []string{"CN=a + CN=b"}, facts{refused: "certificate.subject"}},
		{"two identifiers", []string{"2.5.4.97=PSDGB-FCA-1", "2.5.4.97=PSDGB-FCA-2"}, facts{refused: "certificate.subject"}},
		{"one attribute twice", []string{"OU=a + OU=A"}, facts{refused: "certificate.subject"}},
		{"NUL", []string{"CN=a\x00b"}, facts{refused: "certificate.subject"}},
		{"newline", []string{"O=a\nb", "CN=c"}, facts{refused: "certificate.subject"}},
		{"delete", []string{"OU=a\x7f", "CN=c"}, facts{refused: "certificate.subject"}},
		{"C1 control", []string{"OU=a\u0085", "CN=c"}, facts{refused: "certificate.subject"}},
		{"broken BMPString", []string{"CN=30~\xd8\x00"}, facts{refused: "certificate.form"}},
		{"no value", []string{"OU=", "CN=c"}, facts{refused: "certificate.subject"}},
		{"no subject", nil, facts{refused: "certificate.subject"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			der := dntest.DER(t, test.subject...)
			c, err := Parse(ca.issue(t, func(c *x509.Certificate) { c.RawSubject = der }))
			got := facts{refused: ruleOf(t, err)}
			if err == nil {
				got = facts{authority: c.Authority, number: c.AuthorisationNumber}
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestThumbprint(t *testing.T) {
	der := newCA(t, "ca", nil, nil).issue(t, nil)
	c, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	if want := strings.TrimRight(base64.URLEncoding.EncodeToString(sum[:]), "="); c.Thumbprint != want || len(want) != 43 {
		t.Errorf("got %s, want %s", c.Thumbprint, want)
	}
}

func TestParsePEM(t *testing.T) {
	der := newCA(t, "ca", nil, nil).issue(t, nil)
	good := string(toPEM("CERTIFICATE", der))
	broken := strings.Replace(good, "\n", "\n!", 1)
	tests := []struct{ name, text, want string }{
		{"good", good, ""},
		{"white space around", "\n\t " + good + "\r\n\n", ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"empty", "", "certificate.pem"},
		{"DER", string(der), "certificate.pem"},
		{"two", good + good, "certificate.pem"},
		{"text before", "a " + good, "certificate.pem"},
		{"text after", good + "a", "certificate.pem"},
		{"a broken one before", broken + good, "certificate.pem"},
		{"broken", broken, "certificate.pem"},
		{"header", strings.Replace(good, "\n", "\na: b\n\n", 1), "certificate.pem"},
		{"another type", string(toPEM("TRUSTED CERTIFICATE", der)), "certificate.pem"},
		{"percent-encoded", strings.ReplaceAll(good, "\n", "%0A"), "certificate.pem"},
		{"no certificate inside", string(toPEM("CERTIFICATE", []byte("a"))), "certificate.form"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParsePEM([]byte(test.text))
			if got := ruleOf(t, err); got != test.want {
				t.Errorf("refused by %q, want %q", got, test.want)
			}
		})
	}
}

// TestMatchesGo takes the name as Go prints it, which is what the official conformance tool registers.
func TestMatchesGo(t *testing.T) {
	der := dntest.DER(t, "C=GB", "O=Bank", "2.5.4.97=PSDGB-FCA-1", "CN=a")
	leaf := parseX509(t, newCA(t, "ca", nil, nil).issue(t, func(c *x509.Certificate) { c.RawSubject = der }))
	c, err := Parse(leaf.Raw)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := dn.Parse(leaf.Subject.ToRDNSequence().String())
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject.Matches(printed, false) || !c.Subject.Matches(printed, true) {
		t.Errorf("%s must match %s with lossy, and only then", printed, c.Subject)
	}
}

// TestKept: what a certificate's status is asked by outlives its X.509 structure.
func TestKept(t *testing.T) {
	c, err := Parse(newCA(t, "ca", nil, nil).issue(t, func(c *x509.Certificate) {
		c.SerialNumber, c.OCSPServer = big.NewInt(42), []string{"http://ocsp.example"}
		c.IssuingCertificateURL, c.CRLDistributionPoints = []string{"http://ca.example/ca.cer"}, []string{"http://ca.example/ca.crl"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	kept := c.Kept()
	if kept.X509 != nil || kept.Serial.Int64() != 42 || kept.OCSPServers[0] != "http://ocsp.example" ||
		kept.IssuerURLs[0] != "http://ca.example/ca.cer" || kept.CRLs[0] != "http://ca.example/ca.crl" {
		t.Errorf("got %+v", kept)
	}
}
