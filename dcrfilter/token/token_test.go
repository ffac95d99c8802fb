package token

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

const (
	issuer     = "https://as.example"
	audience   = "https://rs.example"
	thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
)

// ours is who issues tokens in these tests, and for whom.
var ours = Identity{Issuer: issuer, Audience: audience, Lifetime: 5 * time.Minute}

// living is the same issuer with another lifetime of tokens.
func (i Identity) living(lifetime time.Duration) Identity { i.Lifetime = lifetime; return i }

// fixed returns a loaded ring of one fresh key.
func fixed(t testing.TB, c *testkit.Clock) (*Ring, *rsa.PrivateKey) {
	t.Helper()
	k, _, err := makeKey()
	if err != nil {
		t.Fatal(err)
	}
	ring := newRing(func(context.Context, time.Time) ([]key, error) { return []key{k}, nil }, c.Now)
	if err := ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ring, k.private
}

func grant() Token {
	return Token{
		ClientID: "client-1", Scopes: []string{"accounts", "payments"},
		Software:   &dcr.Software{Id: "software", OrgId: "org", Roles: []string{"AISP", "data-recipient-software-product"}},
		Thumbprint: thumbprint, Generation: 7,
	}
}

func TestIssuedTokenVerifies(t *testing.T) {
	c := testkit.NewClock()
	ring, _ := fixed(t, c)
	compact, issued, err := NewIssuer(ring, ours.living(5*time.Minute), nil, c.Now).Issue(t.Context(), grant())
	if err != nil {
		t.Fatal(err)
	}
	got, err := NewBuiltin(ring, ours, nil).Inspect(t.Context(), compact, c.Now().Add(299*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := grant()
	want.ID, want.IssuedAt, want.Expires = issued.ID, c.Now(), c.Now().Add(5*time.Minute)
	want.Issuer, want.Audience = issuer, audience
	if !got.KeyHeld() {
		t.Error("the ring no longer has the key")
	}
	got.KeyHeld = nil
	if !reflect.DeepEqual(*got, want) || !reflect.DeepEqual(issued, want) || len(want.ID) < 22 {
		t.Errorf("verified %+v\nissued %+v\nwant %+v", *got, issued, want)
	}
}

func TestTokenOnTheWire(t *testing.T) {
	c := testkit.NewClock()
	ring, _ := fixed(t, c)
	bare := Token{ClientID: "client-1", Thumbprint: thumbprint, Generation: 1}
	compact, issued, err := NewIssuer(ring, ours.living(5*time.Minute), nil, c.Now).Issue(t.Context(), bare)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(compact, ".")
	wantHeader := map[string]any{"alg": "PS256", "typ": "at+jwt", "kid": ring.keys.Load().keys[0].id}
	wantClaims := map[string]any{
		"iss": issuer, "aud": audience, "sub": "client-1", "client_id": "client-1", "jti": issued.ID, "gen": 1.0,
		"iat": 1.8e9, "exp": 1.8e9 + 300, "cnf": map[string]any{"x5t#S256": thumbprint},
	}
	for i, want := range []map[string]any{wantHeader, wantClaims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("part %d: got %s, want %v", i, text, want)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	c := testkit.NewClock()
	ring, _ := fixed(t, c)
	tests := []struct {
		name   string
		ring   *Ring
		life   time.Duration
		change func(*Token)
		want   string
	}{
		{"no client", ring, time.Minute, func(t *Token) { t.ClientID = "" }, "needs a client"},
		{"not bound", ring, time.Minute, func(t *Token) { t.Thumbprint = "" }, "needs a client"},
		{"padded thumbprint", ring, time.Minute, func(t *Token) { t.Thumbprint += "=" }, "needs a client"},
		{"too many roles", ring, time.Minute, func(t *Token) { t.Software = &dcr.Software{Roles: slices.Repeat([]string{"AISP"}, 33)} }, "software_roles"},
		{"a role of two words", ring, time.Minute, func(t *Token) { t.Software = &dcr.Software{Roles: []string{"AISP PISP"}} }, "software_roles"},
		{"no lifetime", ring, 0, func(*Token) {}, "lifetime"},
		{"two days", ring, 48 * time.Hour, func(*Token) {}, "lifetime"},
		{"ring that was never loaded", newRing(nil, c.Now), time.Minute, func(*Token) {}, "no key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wanted := grant()
			test.change(&wanted)
			compact, _, err := NewIssuer(test.ring, ours.living(test.life), nil, c.Now).Issue(t.Context(), wanted)
			if compact != "" || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v, want %s", compact, err, test.want)
			}
		})
	}
}

func TestCheckRoles(t *testing.T) {
	for _, test := range []struct {
		name  string
		roles []string
		want  bool
	}{
		{"none", nil, true},
		{"three", []string{"AISP", "PISP", "CBPII"}, true},
		{"as many as there may be", slices.Repeat([]string{"AISP"}, 32), true},
		{"one more", slices.Repeat([]string{"AISP"}, 33), false},
		{"as long as it may be", []string{strings.Repeat("A", 64)}, true},
		{"one longer", []string{strings.Repeat("A", 65)}, false},
		{"an empty one", []string{"AISP", ""}, false},
		{"a space", []string{"AISP PISP"}, false},
		{"a line break", []string{"AISP\r\nx: y"}, false},
		{"not ASCII", []string{"ÄISP"}, false},
		{"DEL", []string{"AISP\x7f"}, false},
	} {
		if err := CheckRoles(test.roles); (err == nil) != test.want {
			t.Errorf("%s: got %v, want it to be fine: %v", test.name, err, test.want)
		}
	}
}

func kids(ring *Ring) []string { return slices.Sorted(maps.Keys(ring.keys.Load().sets)) }
