package directory

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEnrol(t *testing.T) {
	s := serve(t)
	status, body := s.post("/software", `{"org_id":"0015800001HQQrZAAX","roles":["PISP"],"redirect_uris":["https://a.example/cb"]}`)
	var member Member
	if err := json.Unmarshal(body, &member); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if member.OrgID != "0015800001HQQrZAAX" || !slices.Equal(member.Roles, []string{"PISP"}) || !slices.Equal(member.RedirectURIs, []string{"https://a.example/cb"}) {
		t.Errorf("not what was ordered: %+v", member)
	}
	pair, err := tls.X509KeyPair([]byte(member.TransportCert), []byte(member.TransportKey))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := pair.Leaf.Subject.String(), "CN="+member.SoftwareID+",OU=0015800001HQQrZAAX,O=OpenBanking,C=GB"; got != want {
		t.Errorf("subject %s, want %s", got, want)
	}
	s.verifyChain(t, pair.Leaf, x509.ExtKeyUsageClientAuth, true)
	block, _ := pem.Decode([]byte(member.SigningCert))
	signing, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	s.verifyChain(t, signing, x509.ExtKeyUsageClientAuth, false)

	keys := s.keySet(member.JWKS)
	if len(keys) != 2 {
		t.Fatalf("%d keys, want 2", len(keys))
	}
	thumbprint := sha256.Sum256(pair.Certificate[0])
	if keys[0].Use != "tls" || keys[0].ID != member.TransportKeyID || keys[0].ThumbprintSHA != base64.RawURLEncoding.EncodeToString(thumbprint[:]) {
		t.Errorf("the transport key: %+v", keys[0])
	}
	if keys[1].Use != "sig" || keys[1].ID != member.SigningKeyID {
		t.Errorf("the signing key: %+v", keys[1])
	}
	s.verify(member.Statement, "PS256")
}

func TestReopen(t *testing.T) {
	s := serve(t)
	kid := s.StatementKeyID()
	s.reopen()
	if s.StatementKeyID() != kid {
		t.Error("another key signs statements")
	}
	status, statement := s.post("/ssa", `{"software_id":"`+s.member.SoftwareID+`"}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, statement)
	}
	s.verify(string(statement), "PS256")
	if len(s.keySet(s.member.JWKS)) != 2 {
		t.Error("the software's keys are gone")
	}
	if _, list := s.get(s.url + "/software"); !bytes.Contains(list, []byte(s.member.SoftwareID)) {
		t.Errorf("the software is not listed: %s", list)
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t)
	tests := []struct {
		name, path, body string
		want             int
	}{
		{"a statement for an unknown software", "/ssa", `{"software_id":"nobody"}`, http.StatusNotFound},
		{"a member that the endpoint does not know", "/ssa", `{"software":"x"}`, http.StatusBadRequest},
		{"no JSON", "/software", `{`, http.StatusBadRequest},
		{"an org_id that is a path", "/software", `{"org_id":"../x"}`, http.StatusBadRequest},
		{"an unknown key", "/revoke", `{"software_id":"` + s.member.SoftwareID + `","kid":"x"}`, http.StatusNotFound},
		{"a serial that is no number", "/revoke", `{"serial":"-1"}`, http.StatusBadRequest},
		{"nothing to revoke", "/revoke", `{}`, http.StatusNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if status, body := s.post(test.path, test.body); status != test.want {
				t.Errorf("%d %s, want %d", status, body, test.want)
			}
		})
	}
	for _, path := range []string{"/nowhere/nobody.jwks", "/" + s.member.OrgID + "/" + s.member.SoftwareID, "/other/" + s.member.SoftwareID + ".jwks"} {
		if status, _ := s.get(s.url + path); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, status)
		}
	}
}

func TestKeysAreTheirOwnersOnly(t *testing.T) {
	for _, file := range []string{IssuingKeyFile, StatementKey, statementECKey} {
		info, err := os.Stat(filepath.Join(made, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
}
