package token

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

// An administrator changes issuer or audience. Tokens that live stay valid, at gates of either file, and at those that were
// started since; tokens of names that this installation never issued under do not, whoever has our key.
func TestTokensOutliveAnIdentity(t *testing.T) {
	kept, _ := testbed.Store(t)
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	before, after := ours, Identity{Issuer: "https://new.example", Audience: audience, Lifetime: 10 * time.Minute}
	issue := func(as Identity) string {
		compact, _, err := NewIssuer(ring, as, NewIdentities(kept), c.Now).Issue(t.Context(), grant())
		if err != nil {
			t.Fatal(err)
		}
		return compact
	}
	gate := NewIdentities(kept)
	accepts := func(file Identity, compact string) error {
		got, err := NewBuiltin(ring, file, gate).Inspect(t.Context(), compact, c.Now())
		if err == nil && got.Audience != audience {
			t.Errorf("the token names %s", got.Audience)
		}
		return err
	}
	early, late := issue(before), issue(after)
	for _, file := range []Identity{before, after, {Issuer: "https://third.example", Audience: "https://third.example"}} {
		for _, compact := range []string{early, late} {
			if err := accepts(file, compact); err != nil {
				t.Errorf("with the file of %s: %v", file.Issuer, err)
			}
		}
	}
	// A shorter lifetime lets tokens of the longer one live, and a longer one is known to gates with the old file. Nothing
	// that a stolen key signs lives longer than tokens that may be alive.
	longer := issue(before.living(20 * time.Minute))
	for _, file := range []Identity{before, before.living(time.Minute), before.living(20 * time.Minute)} {
		if err := accepts(file, longer); err != nil {
			t.Errorf("a token of 20 minutes, with a file of %s: %v", file.Lifetime, err)
		}
		w := good(ring, private, c)
		w.claims["exp"] = c.Now().Add(21 * time.Minute).Unix()
		if err := accepts(file, w.sign(t)); !errors.Is(err, ErrInvalid) {
			t.Errorf("a token of 21 minutes, with a file of %s: %v", file.Lifetime, err)
		}
	}
	for name, forged := range map[string]Identity{
		"another installation's":                    {Issuer: "https://elsewhere.example", Audience: audience},
		"one of our issuers for another's audience": {Issuer: issuer, Audience: "https://elsewhere.example"},
	} {
		w := good(ring, private, c)
		w.claims["iss"], w.claims["aud"] = forged.Issuer, forged.Audience
		if err := accepts(before, w.sign(t)); !errors.Is(err, ErrInvalid) {
			t.Errorf("a token of %s: %v", name, err)
		}
	}
	c.Advance(after.Lifetime + identityMargin)
	w := good(ring, private, c)
	w.claims["iss"] = after.Issuer
	if err := accepts(before, w.sign(t)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a day after the last token: %v", err)
	}
}

// Who cannot ask does not accept, and who cannot remember does not issue.
func TestIdentitiesWithoutRedis(t *testing.T) {
	kept, server := testbed.Store(t)
	c := testkit.NewClock()
	ring, _ := fixed(t, c)
	identities := NewIdentities(kept)
	issuing := NewIssuer(ring, ours.living(5*time.Minute), identities, c.Now)
	compact, _, err := issuing.Issue(t.Context(), grant())
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if _, _, err := issuing.Issue(t.Context(), grant()); err != nil {
		t.Errorf("what is remembered already: %v", err)
	}
	if _, err := NewBuiltin(ring, ours, NewIdentities(kept)).Inspect(t.Context(), compact, c.Now()); err != nil {
		t.Errorf("a token of today's identity: %v", err)
	}
	other := Identity{Issuer: "https://new.example", Audience: audience, Lifetime: time.Minute}
	if _, _, err := NewIssuer(ring, other, identities, c.Now).Issue(t.Context(), grant()); err == nil {
		t.Error("a token was issued that no other gate will accept")
	}
	if _, err := NewBuiltin(ring, other, NewIdentities(kept)).Inspect(t.Context(), compact, c.Now()); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want that it could not be asked", err)
	}
}

// What carries our signature can be revoked, whatever it says about who issued it.
func TestSigned(t *testing.T) {
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	other, foreign := fixed(t, c)
	failing := newRing(func(context.Context, time.Time) ([]key, error) { return nil, errors.New("no file") }, c.Now)
	token := func(change func(*wire)) string {
		w := good(ring, private, c)
		change(&w)
		return w.sign(t)
	}
	cases := []struct {
		name    string
		rings   []*Ring
		compact string
		id      string
		invalid bool
	}{
		{"as issued", []*Ring{ring}, token(func(*wire) {}), "j", false},
		{"of an earlier ring", []*Ring{other, ring}, token(func(*wire) {}), "j", false},
		{"of another issuer and audience", []*Ring{ring}, token(func(w *wire) { w.claims["iss"], w.claims["aud"] = "x", "y" }), "j", false},
		{"signed while another ring has no keys", []*Ring{failing, ring}, token(func(*wire) {}), "j", false},
		{"of a ring that is not ours", []*Ring{ring}, good(other, foreign, c).sign(t), "", true},
		{"of nobody, while a ring has no keys", []*Ring{failing, ring}, good(other, foreign, c).sign(t), "", false},
		{"of nobody, while another has none", []*Ring{ring, failing}, good(other, foreign, c).sign(t), "", false},
		{"expired", []*Ring{ring}, token(func(w *wire) { w.claims["exp"] = c.Now().Unix() }), "", true},
		{"without an id", []*Ring{ring}, token(func(w *wire) { w.claims["jti"] = "" }), "", true},
		{"without a client", []*Ring{ring}, token(func(w *wire) { delete(w.claims, "client_id") }), "", true},
		{"no access token", []*Ring{ring}, token(func(w *wire) { w.header.Type = "JWT" }), "", true},
		{"without any keys", nil, token(func(*wire) {}), "", true},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got, err := Signed(t.Context(), test.rings, test.compact, c.Now())
			switch {
			case test.id != "" && (err != nil || got.ID != test.id || got.ClientID != "client-1" || !got.Expires.After(c.Now())):
				t.Errorf("got %+v, %v", got, err)
			case test.id == "" && (err == nil || errors.Is(err, ErrInvalid) != test.invalid):
				t.Errorf("got %+v, %v, want that it is invalid: %t", got, err, test.invalid)
			}
		})
	}
}

// The issuer, exactly, says who inspects a token, and says nothing more: whoever is chosen verifies it.
func TestIssuersChooseExactly(t *testing.T) {
	c := testkit.NewClock()
	ring, private := fixed(t, c)
	bank, theirs := fixed(t, c)
	outside := Identity{Issuer: "https://bank.example", Audience: audience, Lifetime: 5 * time.Minute}
	issuers := Issuers{Own: NewBuiltin(ring, ours, nil), Others: map[string]Inspector{outside.Issuer: NewBuiltin(bank, outside, nil)}}
	token := func(ring *Ring, key *wire, issuer string) string {
		key.header.KeyID, key.claims["iss"] = ring.keys.Load().keys[0].id, issuer
		return key.sign(t)
	}
	own, foreign := good(ring, private, c), good(bank, theirs, c)
	for _, test := range []struct{ name, compact, issuer string }{
		{"our own", token(ring, &own, issuer), issuer},
		{"the other's", token(bank, &foreign, outside.Issuer), outside.Issuer},
		{"the other's key under our name", token(bank, &foreign, issuer), ""},
		{"our key under the other's name", token(ring, &own, outside.Issuer), ""},
		{"the other's name with a slash", token(bank, &foreign, outside.Issuer+"/"), ""},
		{"no token", "token", ""},
	} {
		got, err := issuers.Inspect(t.Context(), test.compact, c.Now())
		if test.issuer == "" && !errors.Is(err, ErrInvalid) || test.issuer != "" && (err != nil || got.Issuer != test.issuer) {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}

// Rings outlive versions, and those that nobody names any more are left alone.
func TestRings(t *testing.T) {
	kept, _ := testbed.Store(t)
	set := metric.New("registry", "")
	rings := NewRings(t.Context(), kept, true, slog.New(slog.DiscardHandler), set)
	stored, err := rings.Use(t.Context(), nil)
	if err != nil || len(kids(stored)) != 1 {
		t.Fatalf("keys %v, %v", kids(stored), err)
	}
	missing := []string{t.TempDir() + "/key.pem"}
	ring, err := rings.Use(t.Context(), missing)
	if err == nil || len(kids(ring)) != 0 {
		t.Errorf("keys %v of a file that is missing, %v", kids(ring), err)
	}
	measured := testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
	for series, want := range map[string]float64{
		`dcr_token_keys{source="redis"}`: 1, `dcr_token_keys{source="files"}`: 0, `dcr_token_keys_stale{source="redis"}`: 0, `dcr_token_keys_stale{source="files"}`: 1,
		`dcr_token_key_signs_since_timestamp_seconds{source="files"}`: 0,
	} {
		if is, there := measured[series]; !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
	if since := measured[`dcr_token_key_signs_since_timestamp_seconds{source="redis"}`]; since < float64(time.Now().Unix()) {
		t.Errorf("the key signs since %v", since)
	}
	if again, _ := rings.Use(t.Context(), missing); again != ring || len(rings.All()) != 2 {
		t.Error("the ring was made again")
	}
	if rings.Release(missing); len(rings.All()) != 2 {
		t.Error("a ring was dropped that is still used")
	}
	rings.Release(missing)
	if again, err := rings.Use(t.Context(), nil); err != nil || again != stored || len(rings.All()) != 1 {
		t.Errorf("%d rings are left, %v", len(rings.All()), err)
	}
	if gate, err := NewRings(t.Context(), kept, false, slog.New(slog.DiscardHandler), nil).Use(t.Context(), nil); err != nil || kids(gate)[0] != kids(stored)[0] {
		t.Errorf("a gate has the keys %v, %v", kids(gate), err)
	}
}
