package extauthz

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const factsHeader = facts.Header

// proved verifies the facts of an answer as a registry does.
func (w *world) proved(t testing.TB, got answer) *dcrpb.Facts {
	t.Helper()
	verifier := facts.NewVerifier(func(_ context.Context, kid string) ([]byte, error) {
		if kid != w.signer.KeyID() {
			return nil, facts.ErrUnknownKey
		}
		return w.signer.JWK(), nil
	}, nil)
	proved, err := verifier.Verify(t.Context(), got.header.Get(factsHeader), w.now)
	if err != nil {
		t.Fatalf("the facts of %q: %v", got.verdict(), err)
	}
	return proved
}

// wantFacts compares facts, but for when they were made.
func (w *world) wantFacts(t testing.TB, got, want *dcrpb.Facts) {
	t.Helper()
	want.Iss, want.Iat, want.Exp, want.Version = facts.Issuer, uint32(w.now.Unix()), uint32(w.now.Unix())+30, version
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func (w *world) certificateFacts() *dcrpb.CertificateFacts {
	leaf, err := w.tppCertificate()
	w.must(err)
	return &dcrpb.CertificateFacts{
		Thumbprint: w.thumbprint, Profile: "ob_legacy", Type: "ob_legacy", SoftwareId: w.member.SoftwareID, OrgId: w.member.OrgID, NotAfter: uint32(leaf.X509.NotAfter.Unix()),
	}
}

// TestRegistrationFacts are bound to the one request, and name what is to be burnt.
func TestRegistrationFacts(t *testing.T) {
	w := newWorld(t)
	a := w.registering()
	digest := sha256.Sum256(a.body)
	bound := &dcrpb.RequestFacts{Method: "POST", Path: "/register", BodySha256: base64.RawURLEncoding.EncodeToString(digest[:])}
	first := w.proved(t, w.want(t, a, "200"))
	registration := &dcrpb.RegistrationFacts{Profile: "obie-3.3", Software: first.GetRegistration().GetSoftware()}
	if of := registration.GetSoftware(); of.GetDirectory() != "loopback" || of.GetId() != w.member.SoftwareID || of.GetOrgId() != w.member.OrgID {
		t.Errorf("got %v", of)
	}
	if len(first.GetUsedJtis()) != 1 || first.GetUsedJtis()[0].GetPurpose() != "request" {
		t.Errorf("used jtis %v, want the request's", first.GetUsedJtis())
	}
	w.wantFacts(t, first, &dcrpb.Facts{
		Jti: decisionID, Route: "register", Request: bound, Certificate: w.certificateFacts(), Registration: registration, UsedJtis: first.GetUsedJtis(),
	})

	compact, issued := w.token()
	a = a.with("authorization", "Bearer "+compact)
	a.route, a.method, a.path = "client-update", "PUT", "/register/"+w.client.GetId()
	bound.Method, bound.Path = a.method, a.path
	update := w.proved(t, w.want(t, a, "200"))
	w.wantFacts(t, update, &dcrpb.Facts{
		Jti: decisionID, Route: "client-update", Request: bound, Certificate: w.certificateFacts(), Registration: registration, UsedJtis: first.GetUsedJtis(),
		Client: &dcrpb.ClientFacts{
			Id: w.client.GetId(), SoftwareId: w.member.SoftwareID, OrgId: w.member.OrgID, TokenId: issued.ID, TokenExp: uint32(issued.Expires.Unix()),
			Roles: w.client.GetSoftware().GetRoles(), Software: w.known(),
		},
	})
}

// TestTokenFacts say how the client was authenticated.
func TestTokenFacts(t *testing.T) {
	w := newWorld(t)
	request, err := w.tpp.TokenRequest("accounts")
	a := w.askFor("token", request, err)
	digest := sha256.Sum256(a.body)
	got := w.proved(t, w.want(t, a, "200"))
	if len(got.GetUsedJtis()) != 1 || got.GetUsedJtis()[0].GetPurpose() != "assertion" {
		t.Errorf("used jtis %v, want the assertion's", got.GetUsedJtis())
	}
	known := w.known()
	known.Directory = w.client.GetSoftware().GetDirectory() // for the registry's metrics
	w.wantFacts(t, got, &dcrpb.Facts{
		Jti: decisionID, Route: "token", Certificate: w.certificateFacts(), UsedJtis: got.GetUsedJtis(),
		Request: &dcrpb.RequestFacts{Method: "POST", Path: "/token", BodySha256: base64.RawURLEncoding.EncodeToString(digest[:])},
		Client: &dcrpb.ClientFacts{
			Id: w.client.GetId(), SoftwareId: w.member.SoftwareID, OrgId: w.member.OrgID, AuthMethod: "private_key_jwt",
			Roles: w.client.GetSoftware().GetRoles(), Software: known,
		},
	})
}

// TestPublicFacts prove nothing but the request: the registry answers nobody who comes without any.
func TestPublicFacts(t *testing.T) {
	w := newWorld(t)
	a := w.ask("jwks", "GET", "/jwks?x=%2F")
	a.listener = "public"
	nothing := sha256.Sum256(nil)
	w.wantFacts(t, w.proved(t, w.want(t, a, "200")), &dcrpb.Facts{
		Jti: decisionID, Route: "jwks",
		Request: &dcrpb.RequestFacts{Method: "GET", Path: "/jwks?x=%2F", BodySha256: base64.RawURLEncoding.EncodeToString(nothing[:])},
	})
}

// TestBankFacts are not bound to one request, and are used again while half of their life is left.
func TestBankFacts(t *testing.T) {
	w := newWorld(t)
	compact, issued := w.token("accounts", "openid")
	first := w.want(t, w.reading(compact), "200").header.Get(factsHeader)
	w.wantFacts(t, w.proved(t, w.check(w.reading(compact))), &dcrpb.Facts{
		Aud: "bank", Jti: decisionID, Route: "accounts", Certificate: w.certificateFacts(),
		Client: &dcrpb.ClientFacts{
			Id: w.client.GetId(), SoftwareId: w.member.SoftwareID, OrgId: w.member.OrgID, Scopes: []string{"accounts", "openid"},
			TokenId: issued.ID, TokenExp: uint32(issued.Expires.Unix()),
			Roles: w.client.GetSoftware().GetRoles(), Software: w.known(),
		},
	})
	other, _ := w.token("accounts")
	balances := w.reading(compact)
	balances.route, balances.path = "balances", "/balances"
	elsewhere := w.reading(compact)
	elsewhere.path = "/accounts?page=2"
	tests := []struct {
		name  string
		ask   ask
		after time.Duration
		same  bool
	}{
		{"again", w.reading(compact), 0, true},
		{"another query", elsewhere, 0, true},
		{"another token", w.reading(other), 0, false},
		{"another route", balances, 0, false},
		{"shortly before half of their life", w.reading(compact), 14 * time.Second, true},
		{"after half of their life", w.reading(compact), 15 * time.Second, false},
	}
	begun := w.now
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.now = begun.Add(test.after)
			got := w.want(t, test.ask, "200")
			if same := got.header.Get(factsHeader) == first; same != test.same {
				t.Errorf("the same facts: %v, want %v", same, test.same)
			}
			proved := w.proved(t, got)
			if left := time.Unix(int64(proved.GetExp()), 0).Sub(w.now); left < 15*time.Second || left > 30*time.Second {
				t.Errorf("they live for another %s", left)
			}
			if proved.GetRoute() != test.ask.route || proved.GetRequest() != nil {
				t.Errorf("got %v", proved)
			}
		})
	}
}

// TestBoundFactsAreFresh: two requests that differ in nothing have facts of their own where they are bound.
func TestBoundFactsAreFresh(t *testing.T) {
	w := newWorld(t)
	compact, _ := w.token()
	reading := func(decision string) answer {
		a := w.ask("client", "GET", "/register/"+w.client.GetId(), [2]string{"authorization", "Bearer " + compact}).without("x-request-id")
		return w.want(t, a.with("x-request-id", decision), "200")
	}
	one, two := reading(decisionID), reading(strings.Replace(decisionID, "1", "2", 1))
	if one.header.Get(factsHeader) == two.header.Get(factsHeader) {
		t.Error("facts that are bound to one request were used for two")
	}
	if got := w.proved(t, two); got.GetJti() != two.decision || got.GetRequest().GetMethod() != "GET" {
		t.Errorf("got %v by decision %s", got, two.decision)
	}
}

// TestFactsStayThoseOfTheirToken: facts in memory are no way around a revocation.
func TestFactsStayThoseOfTheirToken(t *testing.T) {
	w := newWorld(t)
	compact, issued := w.token("accounts")
	w.want(t, w.reading(compact), "200")
	w.must(w.store.Revoke(t.Context(), w.client.GetId(), issued.ID, issued.Expires))
	if got := w.want(t, w.reading(compact), "401 bearer.token"); got.header.Get(factsHeader) != "" {
		t.Errorf("a refusal has facts")
	}
}

// known is what a token says of the client's software product.
func (w *world) known() *dcr.Software {
	is := w.client.GetSoftware()
	return &dcr.Software{Id: is.GetId(), OrgId: is.GetOrgId(), Roles: is.GetRoles()}
}

// TestCertificateFacts name whom a certificate is of, as its type has it.
func TestCertificateFacts(t *testing.T) {
	types := directory.Types()
	for _, test := range []struct {
		kind, subject string
		want          *dcrpb.CertificateFacts
	}{
		{"ob_legacy", "CN=soft,OU=org", &dcrpb.CertificateFacts{SoftwareId: "soft", OrgId: "org"}},
		{"obwac", "CN=org,2.5.4.97=PSDGB-FCA-1", &dcrpb.CertificateFacts{OrgId: "org", AuthorisationNumber: "1", Authority: "GB-FCA"}},
		{"qwac", "CN=tpp.example,2.5.4.97=PSDGB-FCA-1", &dcrpb.CertificateFacts{AuthorisationNumber: "1", Authority: "GB-FCA"}},
		{"cdr", "CN=Product,O=Brand,OU=Consumer Data Right", &dcrpb.CertificateFacts{}},
	} {
		subject, err := dn.Parse(test.subject)
		if err != nil {
			t.Fatal(err)
		}
		certificate := &cert.Certificate{Subject: subject, NotAfter: time.Unix(1, 0), Thumbprint: "thumb"}
		certificate.Authority, certificate.AuthorisationNumber = cert.Authorisation(subject)
		got := certificateFacts(&filter.Request{Certificate: &trust.Certificate{Certificate: certificate, Trusts: []trust.Trust{{Type: types[test.kind]}}}})
		test.want.Type, test.want.Profile, test.want.Thumbprint, test.want.NotAfter = test.kind, test.kind, "thumb", 1
		if !proto.Equal(got, test.want) {
			t.Errorf("got %v, want %v", got, test.want)
		}
	}
}
