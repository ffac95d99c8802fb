package directory

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ocsp"

	types "github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// TestKindsAndKeys: software products with each type of certificate and key, as a gate reads them.
func TestKindsAndKeys(t *testing.T) {
	s := serve(t)
	for _, kind := range []string{"", "ob_legacy", "obwac", "qwac"} {
		for _, key := range []string{"", "RSA-2048", "P-256"} {
			t.Run(kind+" "+key, func(t *testing.T) {
				status, body := s.post("/software", `{"roles":["AISP","CBPII"],"kind":"`+kind+`","key":"`+key+`"}`)
				var member Member
				if err := json.Unmarshal(body, &member); err != nil || status != http.StatusOK {
					t.Fatalf("%d %s", status, body)
				}
				s.wantKind(t, &member, kind)
				pair, err := tls.X509KeyPair([]byte(member.TransportCert), []byte(member.TransportKey))
				if err != nil {
					t.Fatal(err)
				}
				_, elliptic := pair.PrivateKey.(*ecdsa.PrivateKey)
				if k, isRSA := pair.PrivateKey.(*rsa.PrivateKey); elliptic != (key == "P-256") || isRSA && k.N.BitLen() != 2048 {
					t.Errorf("the key is %T", pair.PrivateKey)
				}
				if keys := s.keySet(member.JWKS); len(keys) != 2 || keys[1].ID != member.SigningKeyID || (keys[1].Type == "EC") != elliptic {
					t.Errorf("the key set: %+v", keys)
				}
			})
		}
	}
}

// wantKind reads a member's certificate and statement as a gate does.
func (s *served) wantKind(t *testing.T, member *Member, kind string) {
	t.Helper()
	read, err := cert.ParsePEM([]byte(member.TransportCert))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "" {
		kind = "ob_legacy"
	}
	shipped, err := types.Shipped("openbanking-uk-sandbox")
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(member.Statement, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	statement, err := types.ReadStatement(shipped, object(t, payload), "")
	if err != nil {
		t.Fatal(err)
	}
	if !types.Types()[kind].Binds(read.Subject, statement.Software) {
		t.Errorf("%s is not an %s of %+v", read.Subject, kind, statement.Software)
	}
	var want []string
	if kind != "ob_legacy" {
		want = member.Roles
	}
	if !slices.Equal(read.Roles, want) {
		t.Errorf("roles %v, want %v", read.Roles, want)
	}
	issuer := s.issuing.Certificate
	if kind == "qwac" {
		issuer = s.qtsp.Certificate
	}
	if err := parsed(t, member.TransportCert).CheckSignatureFrom(issuer); err != nil {
		t.Error(err)
	}
}

func TestOrdersThatCannotBe(t *testing.T) {
	uk, cdr := serve(t), serveDialect(t, CDR(), "6e1fdd3e-6d2b-4b57-b6a0-3c7d2e5cb0a1")
	for _, c := range []struct {
		at          *served
		body, wants string
	}{
		{uk, `{"key":"RSA-1024"}`, "key is RSA-2048 or P-256"},
		{uk, `{"kind":"seal"}`, "kind is one of ob_legacy, obwac, qwac"},
		{cdr, `{"kind":"qwac"}`, "kind is one of cdr"},
		{uk, `{"kind":"obwac","roles":["ADMIN"]}`, "cannot name the role"},
	} {
		if status, body := c.at.post("/software", c.body); status != http.StatusBadRequest || !strings.Contains(string(body), c.wants) {
			t.Errorf("%s: %d %s, want 400 and %q", c.body, status, body, c.wants)
		}
	}
}

// TestTheDirectoryListsItsAPI: every endpoint in the list is there, and takes the body that is shown.
func TestTheDirectoryListsItsAPI(t *testing.T) {
	for _, s := range []*served{serve(t), serveDialect(t, CDR(), "6e1fdd3e-6d2b-4b57-b6a0-3c7d2e5cb0a1")} {
		status, body := s.get(s.url + "/")
		var list struct {
			Issuer    string
			Endpoints []struct{ Method, URL, Body, What string }
		}
		if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK || list.Issuer != s.dialect.Issuer || len(list.Endpoints) < 10 {
			t.Fatalf("%d %s %v", status, body, err)
		}
		paths := map[string]bool{}
		for _, e := range list.Endpoints {
			paths[strings.TrimPrefix(e.URL, s.url)] = true
			if e.What == "" || e.Method == http.MethodPost && e.Body == "" {
				t.Errorf("%+v says too little", e)
			}
		}
		for _, path := range []string{"/software", "/ssa", "/revoke", "/certificates", "/crl", "/ocsp"} {
			if !paths[path] {
				t.Errorf("%s is not in the list", path)
			}
		}
		if status, body := s.get(s.url + "/help"); status != http.StatusNotFound || !bytes.Contains(body, []byte("GET "+s.url+"/ lists")) {
			t.Errorf("an unknown path: %d %s", status, body)
		}
	}
}

// TestOCSP asks by both methods (RFC 6960, appendix A) about certificates of both CAs.
func TestOCSP(t *testing.T) {
	s := serve(t)
	for _, kind := range []string{"ob_legacy", "qwac"} {
		member, err := s.Enrol(Order{Kind: kind, Key: "P-256"})
		if err != nil {
			t.Fatal(err)
		}
		leaf, issuer := parsed(t, member.TransportCert), s.issuing.Certificate
		if kind == "qwac" {
			issuer = s.qtsp.Certificate
		}
		if got := s.status(t, leaf, issuer); got != ocsp.Good {
			t.Errorf("%s: status %d, want good", kind, got)
		}
		serial, _ := new(big.Int).SetString(member.TransportSerial, 10)
		if err := s.RevokeCertificate(serial); err != nil {
			t.Fatal(err)
		}
		if got := s.status(t, leaf, issuer); got != ocsp.Revoked {
			t.Errorf("%s: status %d, want revoked", kind, got)
		}
		_, der := s.get(leaf.CRLDistributionPoints[0])
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(issuer); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	stranger, err := pki.NewRoot(s.issuing.Certificate.Subject, s.signers[1].key)
	if err != nil {
		t.Fatal(err)
	}
	query, err := ocsp.CreateRequest(parsed(t, s.member.TransportCert), stranger.Certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := s.post("/ocsp", string(query)); status != http.StatusBadRequest {
		t.Errorf("another CA's certificate: %d", status)
	}
}

func (s *served) status(t *testing.T, leaf, issuer *x509.Certificate) int {
	t.Helper()
	query, err := ocsp.CreateRequest(leaf, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, posted := s.post(strings.TrimPrefix(leaf.OCSPServer[0], s.url), string(query))
	_, got := s.get(leaf.OCSPServer[0] + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(query)))
	first, err := ocsp.ParseResponseForCert(posted, leaf, issuer)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ocsp.ParseResponseForCert(got, leaf, issuer)
	if err != nil {
		t.Fatal(err)
	}
	if first.Status != second.Status {
		t.Errorf("POST says %d, GET %d", first.Status, second.Status)
	}
	return first.Status
}

func parsed(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	certificates, err := pemfile.Certificates([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return certificates[0]
}

func object(t *testing.T, text []byte) strictjson.Object {
	t.Helper()
	claims, err := strictjson.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}
