package directory

import (
	"crypto/x509"
	"math/big"
	"net/http"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

func TestRevoke(t *testing.T) {
	foreign := "1234567890123456789012345678901234567890"
	tests := []struct {
		name  string
		order func(*Member) string
		kid   func(*Member) string // moved to the revoked set
		list  func(*Member) string // on the revocation list
	}{
		{"a signing key", func(m *Member) string { return `{"software_id":"` + m.SoftwareID + `","kid":"` + m.SigningKeyID + `"}` },
			func(m *Member) string { return m.SigningKeyID }, nil},
		{"a transport key", func(m *Member) string {
			return `{"software_id":"` + m.SoftwareID + `","kid":"` + m.TransportKeyID + `"}`
		},
			func(m *Member) string { return m.TransportKeyID }, func(m *Member) string { return m.TransportSerial }},
		{"a serial number", func(m *Member) string { return `{"serial":"` + m.TransportSerial + `"}` },
			func(m *Member) string { return m.TransportKeyID }, func(m *Member) string { return m.TransportSerial }},
		{"a serial number that is a JSON number", func(m *Member) string { return `{"serial":` + m.TransportSerial + `}` },
			func(m *Member) string { return m.TransportKeyID }, func(m *Member) string { return m.TransportSerial }},
		{"a certificate that a tester made", func(*Member) string { return `{"serial":"` + foreign + `"}` },
			nil, func(*Member) string { return foreign }},
	}
	s := serve(t)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var err error
			if s.member, err = s.Enrol(Order{}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time changes nothing
				if status, body := s.post("/revoke", test.order(s.member)); status != http.StatusOK {
					t.Fatalf("%d %s", status, body)
				}
			}
			s.reopen() // a directory that was killed has forgotten nothing
			if test.kid != nil {
				s.wantMoved(test.kid(s.member))
			}
			if test.list != nil {
				s.wantListed(test.list(s.member))
			}
			if n := len(s.revoked); n != i+1 {
				t.Errorf("%d lines on the list, want %d", n, i+1)
			}
		})
	}
}

func (s *served) wantMoved(kid string) {
	s.t.Helper()
	has := func(key pki.JWK) bool { return key.ID == kid }
	if slices.ContainsFunc(s.keySet(s.member.JWKS), has) {
		s.t.Error("the key is still in the living set")
	}
	revoked := segment(s.t, s.member.Statement, 1)["software_jwks_revoked_endpoint"].(string)
	if !slices.ContainsFunc(s.keySet(revoked), has) {
		s.t.Error("the key is not in the revoked set")
	}
}

func (s *served) wantListed(serial string) {
	s.t.Helper()
	_, der := s.get(s.url + "/crl")
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(s.issuing.Certificate); err != nil {
		s.t.Error(err)
	}
	number, _ := new(big.Int).SetString(serial, 10)
	if !slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(number) == 0 }) {
		s.t.Errorf("%s is not on the list", serial)
	}
}
