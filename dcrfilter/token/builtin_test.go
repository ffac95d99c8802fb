package token

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// wire is a good token's header and claims, for a test to spoil.
type wire struct {
	header jose.Header
	claims map[string]any
	key    crypto.Signer
}

func (w wire) sign(t *testing.T) string {
	t.Helper()
	payload, err := json.Marshal(w.claims)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := jose.Sign(w.key, w.header, payload)
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestVerifyAccepts(t *testing.T) {
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	for name, change := range map[string]func(*wire){
		"as issued":            func(*wire) {},
		"long type":            func(w *wire) { w.header.Type = "application/AT+jwt" },
		"one of two audiences": func(w *wire) { w.claims["aud"] = []string{"https://other.example", audience} },
		"with roles":           func(w *wire) { w.claims["software_roles"] = []string{"AISP"} },
		"with an empty list":   func(w *wire) { w.claims["software_roles"] = []string{} },
		"clock 10 s ahead":     func(w *wire) { w.claims["iat"] = c.Now().Unix() + 10 },
		"nbf in the past":      func(w *wire) { w.claims["nbf"] = c.Now().Unix() },
		"other confirmation":   func(w *wire) { w.claims["cnf"] = map[string]any{"jkt": "x", "x5t#S256": thumbprint} },
	} {
		t.Run(name, func(t *testing.T) {
			w := good(ring, private, c)
			change(&w)
			got, err := NewBuiltin(ring, ours, nil).Inspect(t.Context(), w.sign(t), c.Now())
			if err != nil || got.Thumbprint != thumbprint {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(*wire) { return func(w *wire) { w.claims[name] = value } }
	omit := func(name string) func(*wire) { return func(w *wire) { delete(w.claims, name) } }
	tests := []struct {
		name   string
		change func(*wire)
		want   string
	}{
		{"another key's signature", func(w *wire) { w.key = foreign }, "signature"},
		{"a kid that is not ours", func(w *wire) { w.header.KeyID = "x" }, "no key of ours"},
		{"no kid", func(w *wire) { w.header.KeyID = "" }, "kid"},
		{"a client assertion's type", func(w *wire) { w.header.Type = "JWT" }, "typ"},
		{"no type", func(w *wire) { w.header.Type = "" }, "typ"},
		{"facts", func(w *wire) { w.header.Type = "dcr-facts+jwt" }, "typ"},
		{"another issuer", set("iss", issuer+"/"), "iss"},
		{"no issuer", omit("iss"), "iss"},
		{"another audience", set("aud", "https://rs.example/"), "aud"},
		{"several other audiences", set("aud", []string{"a", "b"}), "aud"},
		{"no audience", omit("aud"), "aud"},
		{"expired now", set("exp", c.Now().Unix()), "exp"},
		{"no exp", omit("exp"), "exp"},
		{"exp as text", set("exp", "1800000300"), "exp"},
		{"no iat", omit("iat"), "iat"},
		{"iat in the future", set("iat", c.Now().Unix()+11), "iat"},
		{"nbf in the future", set("nbf", c.Now().Unix()+11), "nbf"},
		{"longer than any token lives", set("exp", c.Now().Add(25*time.Hour).Unix()), "exp"},
		{"longer than tokens live here", set("exp", c.Now().Add(5*time.Minute+time.Second).Unix()), "exp"},
		{"as long, and issued in the past", set("iat", c.Now().Unix()-1), "exp"},
		{"sub is a user", set("sub", "alice"), "sub"},
		{"no sub", omit("sub"), "sub"},
		{"no client", omit("client_id"), "client_id"},
		{"empty client", func(w *wire) { w.claims["client_id"], w.claims["sub"] = "", "" }, "client_id"},
		{"no jti", omit("jti"), "jti"},
		{"blank jti", set("jti", " "), "jti"},
		{"jti with a line break", set("jti", "a\nb"), "jti"},
		{"no gen", omit("gen"), "gen"},
		{"negative gen", set("gen", -1), "gen"},
		{"not bound", omit("cnf"), "cnf"},
		{"bound to a DPoP key", set("cnf", map[string]any{"jkt": thumbprint}), "x5t#S256"},
		{"short thumbprint", set("cnf", map[string]any{"x5t#S256": thumbprint[1:]}), "x5t#S256"},
		{"padded thumbprint", set("cnf", map[string]any{"x5t#S256": thumbprint[1:] + "="}), "x5t#S256"},
		{"scope as a list", set("scope", []string{"accounts"}), "scope"},
		{"roles as text", set("software_roles", "AISP PISP"), "software_roles"},
		{"no roles at all", set("software_roles", nil), "software_roles"},
		{"roles that are no texts", set("software_roles", []any{"AISP", 1}), "software_roles"},
		{"more roles than a token has", set("software_roles", slices.Repeat([]string{"AISP"}, 33)), "software_roles"},
		{"a role of two words", set("software_roles", []string{"AISP PISP"}), "software_roles"},
		{"too large", set("x", strings.Repeat("x", 9<<10)), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := good(ring, private, c)
			test.change(&w)
			got, err := NewBuiltin(ring, ours, nil).Inspect(t.Context(), w.sign(t), c.Now())
			if got != nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want ErrInvalid for %s", got, err, test.want)
			}
		})
	}
}

func good(ring *Ring, private *rsa.PrivateKey, c *testkit.Clock) wire {
	return wire{
		header: jose.Header{Algorithm: "PS256", Type: "at+jwt", KeyID: ring.keys.Load().keys[0].id}, key: private,
		claims: map[string]any{
			"iss": issuer, "aud": audience, "sub": "client-1", "client_id": "client-1", "jti": "j", "gen": 1, "scope": "accounts",
			"iat": c.Now().Unix(), "exp": c.Now().Unix() + 300, "cnf": map[string]any{"x5t#S256": thumbprint},
		},
	}
}

func TestVerifyRefusesGarbage(t *testing.T) {
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	compact := good(ring, private, c).sign(t)
	header, rest, _ := strings.Cut(compact, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt","kid":"` + ring.keys.Load().keys[0].id + `"}`))
	for name, text := range map[string]string{
		"nothing": "", "a word": "token", "two parts": header + "." + "e30", "padded": compact + "=", "a space": compact + " ",
		"alg none": none + "." + rest, "no signature": compact[:strings.LastIndexByte(compact, '.')+1],
	} {
		if _, err := NewBuiltin(ring, ours, nil).Inspect(t.Context(), text, c.Now()); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}
