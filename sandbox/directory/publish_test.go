package directory

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

func TestPublish(t *testing.T) {
	s := serve(t)
	var err error
	if s.member, err = s.Enrol(Order{}); err != nil {
		t.Fatal(err)
	}
	key, err := pki.EC()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.issuing.Issue(pki.Transport(s.member.OrgID, s.member.SoftwareID), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	order := func(softwareID, certificate string) string {
		text, err := json.Marshal(map[string]string{"software_id": softwareID, "certificate": certificate})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := string(pki.EncodeCertificate(leaf.Raw))
	for body, want := range map[string]int{
		order("nobody", good):                http.StatusNotFound,
		order(s.member.SoftwareID, "no PEM"): http.StatusBadRequest,
		order(s.member.SoftwareID, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"): http.StatusBadRequest,
		order(s.member.SoftwareID, good): http.StatusOK,
	} {
		if status, answer := s.post("/certificates", body); status != want {
			t.Errorf("%s: %d %s, want %d", body, status, answer, want)
		}
	}
	s.reopen()
	var tls []string
	for _, key := range s.keySet(s.member.JWKS) {
		if key.Use == "tls" {
			tls = append(tls, key.ID)
		}
	}
	if jwk, _ := pki.PublicJWK(key.Public(), "tls"); len(tls) != 2 || !slices.Contains(tls, jwk.ID) {
		t.Errorf("tls keys %q", tls)
	}
	if status, body := s.post("/revoke", `{"serial":"`+leaf.SerialNumber.String()+`"}`); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if n := len(s.keySet(s.member.JWKS)); n != 2 {
		t.Errorf("%d keys after its revocation, want the two of before", n)
	}
}
