package cert

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"time"
)

func TestVerify(t *testing.T) {
	root := newCA(t, "root", nil, nil)
	issuing := newCA(t, "issuing", root, nil)
	impostor := newCA(t, "issuing", nil, nil)
	expired := newCA(t, "expired", nil, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Minute) })
	servers := newCA(t, "servers", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	leaf := issuing.issue(t, nil)
	critical := issuing.issue(t, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
	})
	tests := []struct {
		name    string
		leaf    []byte
		anchors []*authority
		now     time.Time
		want    string
	}{
		{"root and intermediate", leaf, []*authority{root, issuing}, noon, ""},
		{"an intermediate alone is an anchor", leaf, []*authority{issuing}, noon, ""},
		{"one of several", leaf, []*authority{impostor, issuing}, noon, ""},
		{"the intermediate is missing", leaf, []*authority{root}, noon, "certificate.issuer"},
		{"same name, another key", leaf, []*authority{impostor}, noon, "certificate.issuer"},
		{"first second", leaf, []*authority{issuing}, noon.Add(-time.Hour), ""},
		{"last second", leaf, []*authority{issuing}, noon.Add(time.Hour), ""},
		{"not yet", leaf, []*authority{issuing}, noon.Add(-time.Hour - time.Second), "certificate.not_before"},
		{"no more", leaf, []*authority{issuing}, noon.Add(time.Hour + time.Second), "certificate.not_after"},
		{"expired CA", expired.issue(t, nil), []*authority{expired}, noon, "certificate.chain"},
		{"CA for servers only", servers.issue(t, nil), []*authority{servers}, noon, "certificate.chain"},
		{"critical extension nobody knows", critical, []*authority{issuing}, noon, "certificate.chain"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse(test.leaf)
			if err != nil {
				t.Fatal(err)
			}
			var pems [][]byte
			for _, ca := range test.anchors {
				pems = append(pems, ca.pem())
			}
			anchors, err := NewAnchors(pems...)
			if err != nil {
				t.Fatal(err)
			}
			issuer, err := anchors.Verify(c, test.now)
			if got := ruleOf(t, err); got != test.want {
				t.Errorf("refused by %q, want %q", got, test.want)
			}
			if test.want == "" && !issuer.Equal(issuing.Certificate) || test.want != "" && issuer != nil {
				t.Errorf("issued by %v", issuer)
			}
		})
	}
}

func TestVerifyWithoutAnchors(t *testing.T) {
	c, err := Parse(newCA(t, "ca", nil, nil).issue(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, anchors := range map[string]*Anchors{"nil": nil, "zero value": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := anchors.Verify(c, noon)
			if got := ruleOf(t, err); got != "certificate.issuer" {
				t.Errorf("refused by %q, want certificate.issuer", got)
			}
		})
	}
}

func TestNewAnchors(t *testing.T) {
	ca := newCA(t, "ca", nil, nil)
	other := newCA(t, "other", nil, nil)
	broken := bytes.Replace(ca.pem(), []byte("\n"), []byte("\n!"), 1)
	tests := []struct {
		name string
		pems [][]byte
		want string
	}{
		{"one", [][]byte{ca.pem()}, ""},
		{"two in two files", [][]byte{ca.pem(), other.pem()}, ""},
		{"two in one file, with text", [][]byte{bytes.Join([][]byte{ca.pem(), other.pem()}, []byte("subject=CN = other\n"))}, ""},
		{"no file", nil, "there is no CA certificate"},
		{"an empty file", [][]byte{ca.pem(), {}}, "holds no PEM certificate"},
		{"a leaf", [][]byte{toPEM("CERTIFICATE", ca.issue(t, nil))}, "not a CA certificate"},
		{"a key", [][]byte{ca.pem(), toPEM("PRIVATE KEY", []byte("a"))}, "not a CERTIFICATE"},
		{"no certificate inside", [][]byte{toPEM("CERTIFICATE", []byte("a"))}, "not well-formed"},
		{"a broken block before a good one", [][]byte{append(broken, other.pem()...)}, "cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			anchors, err := NewAnchors(test.pems...)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			case (anchors == nil) != (err != nil):
				t.Error("anchors were returned with an error, or none without")
			}
		})
	}
}

func TestAnchorsEqual(t *testing.T) {
	one, other := newCA(t, "one", nil, nil), newCA(t, "one", nil, nil)
	anchors := func(cas ...*authority) *Anchors {
		var pems [][]byte
		for _, ca := range cas {
			pems = append(pems, ca.pem())
		}
		made, err := NewAnchors(pems...)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for _, test := range []struct {
		name string
		a, b *Anchors
		want bool
	}{
		{"the same", anchors(one), anchors(one), true},
		{"in another order, one twice", anchors(one, other), anchors(other, one, other), true},
		{"of one name", anchors(one), anchors(other), false},
		{"more", anchors(one), anchors(one, other), false},
		{"nobody and somebody", &Anchors{}, anchors(one), false},
		{"nothing and somebody", nil, anchors(one), false},
	} {
		if test.a.Equal(test.b) != test.want || test.b.Equal(test.a) != test.want {
			t.Errorf("%s: want %t", test.name, test.want)
		}
	}
}
