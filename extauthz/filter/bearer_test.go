package filter_test

import (
	"strings"
	"testing"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// accessClaims is a good access token of the client's.
func (w *world) accessClaims(c *dcrpb.Client) claims {
	return claims{
		"iss": issuerURL, "aud": tokenAudience, "sub": c.GetId(), "client_id": c.GetId(), "jti": "a-token", "gen": c.GetGeneration(),
		"iat": w.now.Unix(), "exp": w.now.Add(5 * time.Minute).Unix(), "cnf": claims{"x5t#S256": w.transport.thumbprint},
	}
}

// TestBearerToken is the rest of that table: tokens that are not good for this request.
func TestBearerToken(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	forged := w.keys.stranger
	forged.kid = w.keys.token.kid
	tests := []struct {
		name           string
		key            key
		header, change claims
		want           string
	}{
		{name: "a good one", key: w.keys.token},
		{name: "expired", key: w.keys.token, change: claims{"iat": w.now.Add(-6 * time.Minute).Unix(), "exp": w.now.Unix()}, want: invalidToken},
		{name: "without exp", key: w.keys.token, change: claims{"exp": nil}, want: invalidToken},
		{name: "of another issuer", key: w.keys.token, change: claims{"iss": "https://other.example"}, want: invalidToken},
		{name: "for another audience", key: w.keys.token, change: claims{"aud": issuerURL}, want: invalidToken},
		{name: "bound to another certificate", key: w.keys.token, change: claims{"cnf": claims{"x5t#S256": strings.Repeat("A", 43)}}, want: invalidToken},
		{name: "bound to a key only", key: w.keys.token, change: claims{"cnf": claims{"jkt": w.transport.thumbprint}}, want: invalidToken},
		{name: "bound to nothing", key: w.keys.token, change: claims{"cnf": nil}, want: invalidToken},
		{name: "of nobody", key: w.keys.token, change: claims{"client_id": "nobody", "sub": "nobody"}, want: invalidToken},
		{name: "of an earlier generation", key: w.keys.token, change: claims{"gen": client.GetGeneration() - 1}, want: invalidToken},
		{name: "of a later generation", key: w.keys.token, change: claims{"gen": client.GetGeneration() + 1}, want: invalidToken},
		{name: "a client assertion by its typ", key: w.keys.token, header: claims{"typ": "JWT"}, want: invalidToken},
		{name: "unsigned", key: w.keys.token, header: claims{"alg": "none"}, want: invalidToken},
		{name: "another alg", key: w.keys.token, header: claims{"alg": "RS256"}, want: invalidToken},
		{name: "a key that is not ours", key: w.keys.stranger, want: invalidToken},
		{name: "a key that is not ours under our kid", key: forged, want: invalidToken},
		{name: "a key that it brings along", key: w.keys.token, header: claims{"jwk": claims{"kty": "EC"}}, want: invalidToken},
		{name: "the directory's key", key: w.keys.directory, want: invalidToken},
	}
	chain := w.chain("certificate", "bearer")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			compact := test.key.sign(t, claims{"typ": "at+jwt"}.with(test.header), w.accessClaims(client).with(test.change))
			for range 2 { // the second time from memory, where the signature was good
				r := w.request(map[string]string{"Authorization": "Bearer " + compact}, "")
				want(t, w.in(t).run(chain, r), test.want)
			}
		})
	}
}

// TestBearerStanding proves that a token in memory dies with what it stands on.
func TestBearerStanding(t *testing.T) {
	w := newWorld(t)
	elsewhere := w.mint(w.legacy, legacyName(softwareID, orgID), nil)
	tests := []struct {
		name   string
		change func(w *world, c *dcrpb.Client, id string)
		peer   leaf
		after  time.Duration
		want   string
	}{
		{name: "nothing happens", change: func(*world, *dcrpb.Client, string) {}},
		{name: "until just before it expires", after: 5*time.Minute - time.Second},
		{name: "it expires", after: 5 * time.Minute, want: invalidToken},
		{name: "it is revoked", want: invalidToken, change: func(w *world, c *dcrpb.Client, id string) {
			w.must(w.store.Revoke(w.t.Context(), c.GetId(), id, w.now.Add(5*time.Minute)))
		}},
		{name: "another token is revoked", change: func(w *world, c *dcrpb.Client, _ string) {
			w.must(w.store.Revoke(w.t.Context(), c.GetId(), "another", w.now.Add(5*time.Minute)))
		}},
		{name: "the client is deleted", want: invalidToken, change: func(w *world, c *dcrpb.Client, _ string) {
			w.must(w.store.Delete(w.t.Context(), c.GetId()))
		}},
		{name: "the client is suspended", want: invalidToken, change: func(w *world, c *dcrpb.Client, _ string) {
			c.State = dcrpb.Client_SUSPENDED
			w.must(w.store.Update(w.t.Context(), c, nil))
		}},
		{name: "the client ends its tokens", want: invalidToken, change: func(w *world, c *dcrpb.Client, _ string) {
			c.Generation++
			w.must(w.store.Update(w.t.Context(), c, nil))
		}},
		{name: "it is used with a newer certificate of the same software", peer: elsewhere, want: invalidToken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, chain := w.in(t), w.chain("certificate", "bearer")
			client := w.client()
			compact, issued := w.token(client)
			header := map[string]string{"Authorization": "Bearer " + compact}
			want(t, w.run(chain, w.request(header, "")), "")
			if test.change != nil {
				test.change(w, client, issued.ID)
			}
			r := w.request(header, "")
			r.Now = r.Now.Add(test.after)
			if test.peer.escaped != "" {
				r.PeerPEM = test.peer.escaped
			}
			want(t, w.run(chain, r), test.want)
		})
	}
}

// TestBearerWithoutRedis: "Steps 9+11 hit Redis; error/timeout: 503, never allow".
func TestBearerWithoutRedis(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer", "owner")
	client := w.client()
	compact, _ := w.token(client)
	request := func(authorization string) error {
		r := w.request(map[string]string{"Authorization": authorization}, "")
		r.Params["ClientId"] = client.GetId()
		return w.run(chain, r)
	}
	want(t, request("Bearer "+compact), "")
	w.redis.Kill()
	want(t, request("Bearer "+compact), "fault")
	want(t, request("Bearer abc"), invalidToken) // an outage is invisible to what is wrong anyway
	want(t, request(""), noToken+"missing")
}
