package filter_test

import (
	"os"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestTokenOfADroppedKey: a token that was verified is refused as soon as the gate knows that its key is gone.
func TestTokenOfADroppedKey(t *testing.T) {
	w := newWorld(t)
	path := testkit.KeyFile(t, w.keys.token.signer)
	w.ring = token.FileRing([]string{path})
	w.must(w.ring.Load(t.Context()))
	w.verifier = token.NewBuiltin(w.ring, token.Identity{Issuer: issuerURL, Audience: tokenAudience, Lifetime: 5 * time.Minute}, nil)
	chain := w.chain("certificate", "bearer")
	compact := w.keys.token.sign(t, claims{"typ": "at+jwt"}, w.accessClaims(w.client()))
	call := func(wanted string) {
		t.Helper()
		want(t, w.run(chain, w.request(map[string]string{"Authorization": "Bearer " + compact}, "")), wanted)
	}
	call("")
	next, err := os.ReadFile(testkit.KeyFile(t, w.keys.softwareRSA.signer))
	w.must(err)
	w.must(os.WriteFile(path, next, 0o600))
	call("") // the ring has not read the file yet
	w.must(w.ring.Load(t.Context()))
	call(invalidToken)
	call(invalidToken)
}

// TestLongToken: whoever has the key for tokens cannot make one that lives longer than tokens do here.
func TestLongToken(t *testing.T) {
	w := newWorld(t)
	chain, client := w.chain("certificate", "bearer"), w.client()
	for lifetime, wanted := range map[time.Duration]string{
		5 * time.Minute: "", 5*time.Minute + time.Second: invalidToken, 6 * time.Minute: invalidToken, 24 * time.Hour: invalidToken,
	} {
		compact := w.keys.token.sign(t, claims{"typ": "at+jwt"}, w.accessClaims(client).with(claims{"exp": w.now.Add(lifetime).Unix()}))
		for range 2 {
			want(t, w.run(chain, w.request(map[string]string{"Authorization": "Bearer " + compact}, "")), wanted)
		}
	}
}

// TestScopeTakenAway: a token has no scope that its client's record no longer has, and keeps the others.
func TestScopeTakenAway(t *testing.T) {
	w := newWorld(t)
	client := w.client(func(c *dcrpb.Client) { c.Scopes = []string{"accounts", "payments"} })
	chain := w.chain("certificate", "bearer", "scope")
	compact, _ := w.token(client, "accounts", "payments")
	call := func(scope, wanted string) {
		t.Helper()
		r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
		r.Route.Scopes = []string{scope}
		want(t, w.run(chain, r), wanted)
	}
	call("payments", "")
	for _, scopes := range [][]string{{"accounts"}, {}, {"accounts", "payments"}} {
		client.Scopes = scopes
		w.must(w.store.Update(t.Context(), client, nil))
		for range 2 {
			call("accounts", map[bool]string{true: "", false: "403 insufficient_scope scope.missing"}[len(scopes) > 0])
			call("payments", map[bool]string{true: "", false: "403 insufficient_scope scope.missing"}[len(scopes) > 1])
		}
	}
}
