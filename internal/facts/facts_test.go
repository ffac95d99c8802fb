package facts

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

var now = time.Unix(1_800_000_000, 0)

func facts() *dcrpb.Facts {
	return &dcrpb.Facts{
		Iat: uint32(now.Unix()), Exp: uint32(now.Unix() + 30), Jti: "d-1", Route: "register", Version: "v1",
		Request:      &dcrpb.RequestFacts{Method: "POST", Path: "/register?a=1", BodySha256: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"},
		Certificate:  &dcrpb.CertificateFacts{Thumbprint: strings.Repeat("A", 43), Profile: "obwac", Type: "obwac", OrgId: "org", NotAfter: 1_900_000_000},
		Client:       &dcrpb.ClientFacts{Id: "client", Software: &dcrpb.Software{Id: "software"}, Scopes: []string{"accounts", "payments"}, TokenId: "t", TokenExp: 1_800_000_300},
		Registration: &dcrpb.RegistrationFacts{Profile: "obie-3.3", Software: &dcrpb.Software{Directory: "obie", Id: "software", OrgId: "org"}},
		UsedJtis:     []*dcrpb.UsedJTI{{Purpose: "request", Id: "n", Exp: 1_800_003_600}},
	}
}

func newSigner(t *testing.T) *Signer {
	t.Helper()
	signer, err := NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func TestSignedFactsArriveWhole(t *testing.T) {
	signer := newSigner(t)
	want := facts()
	compact, err := signer.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := NewVerifier((&registry{keys: published(signer)}).lookup, nil).Verify(t.Context(), compact, now)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got, want) || got.GetIss() != "dcr-gate" {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSignRefusesFactsThatLiveTooLong(t *testing.T) {
	for name, change := range map[string]func(*dcrpb.Facts){
		"61 seconds": func(f *dcrpb.Facts) { f.Exp = f.Iat + 61 },
		"no exp":     func(f *dcrpb.Facts) { f.Exp = 0 },
		"no iat":     func(f *dcrpb.Facts) { f.Iat = 0 },
		"backwards":  func(f *dcrpb.Facts) { f.Exp = f.Iat },
	} {
		f := facts()
		change(f)
		if _, err := newSigner(t).Sign(f); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestVerifyTime(t *testing.T) {
	signer := newSigner(t)
	compact, err := signer.Sign(facts())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		at   time.Duration
		want error
	}{
		{"gate's clock 5 s ahead", -5 * time.Second, nil},
		{"from the future", -6 * time.Second, ErrStale},
		{"at the end, with skew", 34 * time.Second, nil},
		{"expired", 35 * time.Second, ErrStale},
		{"next day", 24 * time.Hour, ErrStale},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := NewVerifier((&registry{keys: published(signer)}).lookup, nil).Verify(t.Context(), compact, now.Add(test.at))
			if !errors.Is(err, test.want) || (f == nil) != (err != nil) {
				t.Errorf("got %v, %v, want %v", f, err, test.want)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	signer, other := newSigner(t), newSigner(t)
	good := jose.Header{Algorithm: "EdDSA", Type: "dcr-facts+jwt", KeyID: signer.KeyID()}
	claims := func(change string) string {
		return fmt.Sprintf(`{"iss":"dcr-gate","iat":%d,"exp":%d,"route":"register"%s}`, now.Unix(), now.Unix()+30, change)
	}
	tests := []struct {
		name   string
		key    ed25519.PrivateKey
		header jose.Header
		claims string
		cause  string
	}{
		{"another key's signature", other.key, good, claims(""), "signature"},
		{"an access token's type", signer.key, jose.Header{Algorithm: "EdDSA", Type: "at+jwt", KeyID: signer.KeyID()}, claims(""), "typ"},
		{"no type", signer.key, jose.Header{Algorithm: "EdDSA", KeyID: signer.KeyID()}, claims(""), "typ"},
		{"no kid", signer.key, jose.Header{Algorithm: "EdDSA", Type: "dcr-facts+jwt"}, claims(""), "kid"},
		{"another issuer", signer.key, good, strings.Replace(claims(""), "dcr-gate", "dcr-gate2", 1), "iss"},
		{"an unknown member", signer.key, good, claims(`,"admin":true`), "claims"},
		{"a member twice, by both its names", signer.key, good, claims(`,"request":{"body_sha256":"a","bodySha256":"b"}`), "claims"},
		{"a member of another type", signer.key, good, claims(`,"version":1`), "claims"},
		{"a life of 61 s", signer.key, good, strings.Replace(claims(""), fmt.Sprint(now.Unix()+30), fmt.Sprint(now.Unix()+61), 1), "exp"},
		{"no exp", signer.key, good, fmt.Sprintf(`{"iss":"dcr-gate","iat":%d}`, now.Unix()), "exp"},
		{"too large", signer.key, good, claims(`,"version":"` + strings.Repeat("x", 17<<10) + `"`), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			compact, err := jose.Sign(test.key, test.header, []byte(test.claims))
			if err != nil {
				t.Fatal(err)
			}
			f, err := NewVerifier((&registry{keys: published(signer)}).lookup, nil).Verify(t.Context(), compact, now)
			if f != nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.cause) {
				t.Errorf("got %v, %v, want ErrInvalid for %s", f, err, test.cause)
			}
		})
	}
	unknown, err := jose.Sign(other.key, jose.Header{Algorithm: "EdDSA", Type: "dcr-facts+jwt", KeyID: other.KeyID()}, []byte(claims("")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewVerifier((&registry{keys: published(signer)}).lookup, nil).Verify(t.Context(), unknown, now); !errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrInvalid) {
		t.Errorf("a key that nobody published: %v", err)
	}
	for _, garbage := range []string{"", "x", "a.b.c", "e30.e30."} {
		if _, err := NewVerifier((&registry{}).lookup, nil).Verify(t.Context(), garbage, now); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", garbage, err)
		}
	}
}
