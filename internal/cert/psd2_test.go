package cert

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"
)

func statement(t *testing.T, id asn1.ObjectIdentifier, info any) qcStatement {
	t.Helper()
	if info == nil {
		return qcStatement{ID: id}
	}
	der, err := asn1.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return qcStatement{ID: id, Info: asn1.RawValue{FullBytes: der}}
}

func statements(t *testing.T, all ...qcStatement) []byte {
	t.Helper()
	der, err := asn1.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func psd2(arcs ...int) psd2Statement {
	s := psd2Statement{NCAName: "Financial Conduct Authority", NCAID: "GB-FCA"}
	for _, arc := range arcs {
		s.Roles = append(s.Roles, psd2Role{ID: asn1.ObjectIdentifier{0, 4, 0, 19495, 1, arc}, Name: "PSP_AI"})
	}
	return s
}

func TestRoles(t *testing.T) {
	ca := newCA(t, "ca", nil, nil)
	compliance := statement(t, asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}, nil)
	web := statement(t, asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}, []asn1.ObjectIdentifier{{0, 4, 0, 1862, 1, 6, 3}})
	id := asn1.ObjectIdentifier{0, 4, 0, 19495, 2}
	tests := []struct {
		name string
		der  []byte // of the qcStatements; no extension when nil
		want string
	}{
		{"no extension", nil, "[] true"},
		{"no PSD2 statement", statements(t, compliance, web), "[] true"},
		{"all, by OID and not by name", statements(t, compliance, web, statement(t, id, psd2(1, 2, 3, 4))), "[ASPSP PISP AISP CBPII] false"},
		{"one twice", statements(t, statement(t, id, psd2(3, 3))), "[AISP] false"},
		{"none", statements(t, statement(t, id, psd2())), "[] false"},
		{"unknown", statements(t, statement(t, id, psd2(9, 2))), "[PISP] false"},
		{"two statements", statements(t, statement(t, id, psd2(3)), statement(t, id, psd2(2))), "certificate.qc_statements"},
		{"no info", statements(t, statement(t, id, nil)), "certificate.qc_statements"},
		{"another shape", statements(t, statement(t, id, "PSP_AI")), "certificate.qc_statements"},
		{"trailing byte", append(statements(t, compliance), 0), "certificate.qc_statements"},
		{"no DER", []byte("a"), "certificate.qc_statements"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Parse(ca.issue(t, func(c *x509.Certificate) {
				if test.der != nil {
					c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}, Value: test.der}}
				}
			}))
			got := ruleOf(t, err)
			if err == nil {
				got = fmt.Sprint(c.Roles, c.Roles == nil)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
