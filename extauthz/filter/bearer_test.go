package filter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const (
	noToken      = "401 - bearer."
	invalidToken = "401 invalid_token bearer.token"
	severalWays  = "400 invalid_request bearer.methods"
)

// TestBearerHeader is the table of rules C.8, as far as it is about how a token is sent.
func TestBearerHeader(t *testing.T) {
	w := newWorld(t)
	good, _ := w.token(w.client(), "accounts")
	tests := []struct {
		name   string
		values []string
		query  string
		form   string
		want   string
	}{
		{name: "one token", values: []string{"Bearer " + good}},
		{name: "the scheme in small letters", values: []string{"bearer " + good}},
		{name: "the scheme in mixed letters", values: []string{"bEaReR " + good}},
		{name: "several spaces", values: []string{"Bearer   " + good}},
		{name: "with a query of the API's own", values: []string{"Bearer " + good}, query: "from=2026-01-01T00%3A00%3A00&page=2"},
		{name: "with a form of the API's own", values: []string{"Bearer " + good}, form: "amount=1&token=2"},

		{name: "no header", want: noToken + "missing"},
		{name: "an empty header", values: []string{""}, want: noToken + "missing"},
		{name: "another scheme", values: []string{"Basic dXNlcjpwYXNz"}, want: noToken + "scheme"},
		{name: "no scheme", values: []string{good}, want: noToken + "scheme"},
		{name: "a space before the scheme", values: []string{" Bearer " + good}, want: noToken + "scheme"},
		{name: "a tab after the scheme", values: []string{"Bearer\t" + good}, want: noToken + "scheme"},
		{name: "a scheme that begins alike", values: []string{"BearerX " + good}, want: noToken + "scheme"},
		{name: "only in the query", query: "access_token=" + good, want: noToken + "missing"},
		{name: "only in the form", form: "access_token=" + good, want: noToken + "missing"},

		{name: "the scheme alone", values: []string{"Bearer"}, want: invalidToken},
		{name: "the scheme and a space", values: []string{"Bearer "}, want: invalidToken},
		{name: "not a b64token", values: []string{"Bearer a b"}, want: invalidToken},
		{name: "only padding", values: []string{"Bearer =="}, want: invalidToken},
		{name: "padding inside", values: []string{"Bearer a=b"}, want: invalidToken},
		{name: "a space at the end", values: []string{"Bearer " + good + " "}, want: invalidToken},
		{name: "a quote", values: []string{`Bearer "` + good + `"`}, want: invalidToken},
		{name: "not ASCII", values: []string{"Bearer \u00fc\xff"}, want: invalidToken},
		{name: "not a JWS", values: []string{"Bearer abc"}, want: invalidToken},
		{name: "padded", values: []string{"Bearer " + good + "="}, want: invalidToken},
		{name: "too long", values: []string{"Bearer " + strings.Repeat("a", 8<<10+1)}, want: invalidToken},

		{name: "two headers", values: []string{"Bearer " + good, "Bearer " + good}, want: severalWays},
		{name: "two headers, one of them empty", values: []string{"", "Bearer " + good}, want: severalWays},
		{name: "two headers, joined", values: []string{"Bearer " + good + ",Bearer " + good}, want: severalWays},
		{name: "also in the query", values: []string{"Bearer " + good}, query: "a=b&access_token=x", want: severalWays},
		{name: "also in the query, empty", values: []string{"Bearer " + good}, query: "access_token", want: severalWays},
		{name: "also in the query, escaped", values: []string{"Bearer " + good}, query: "access%5Ftoken=x", want: severalWays},
		{name: "also in the query, behind a semicolon", values: []string{"Bearer " + good}, query: "a=b;access_token=x", want: severalWays},
		{name: "also in the form", values: []string{"Bearer " + good}, form: "access_token=x", want: severalWays},
	}
	chain := w.chain("certificate", "bearer")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.request(nil, test.form)
			r.Header["Authorization"], r.Query = test.values, test.query
			if test.form != "" {
				r.Header.Set("Content-Type", "Application/x-www-form-urlencoded; charset=UTF-8")
			}
			want(t, w.in(t).run(chain, r), test.want)
			if (r.Token != nil) != (test.want == "") {
				t.Errorf("proved %v, verdict %q", r.Token, test.want)
			}
		})
	}
}

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

// TestBearerWithoutRedis: "Steps 9+11 hit Redis; error/timeout: 503, never allow" (rules C.7).
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

// TestBearerChallenge holds the sentence of all dead tokens together: "same text for all" (rules C.8).
func TestBearerChallenge(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer")
	client := w.client()
	challenge := func(change claims) string {
		compact := w.keys.token.sign(t, claims{"typ": "at+jwt"}, w.accessClaims(client).with(change))
		err := w.run(chain, w.request(map[string]string{"Authorization": "Bearer " + compact}, ""))
		status, header, _ := dcr.AsRefusal(err).Answer()
		if status != http.StatusUnauthorized {
			t.Fatalf("status %d: %v", status, err)
		}
		return header.Get("WWW-Authenticate")
	}
	expired := challenge(claims{"iat": w.now.Unix() - 100, "exp": w.now.Unix() - 1})
	if !strings.HasPrefix(expired, `Bearer realm="dcr", error="invalid_token", error_description="`) {
		t.Errorf("got %s", expired)
	}
	for name, change := range map[string]claims{
		"another certificate": {"cnf": claims{"x5t#S256": strings.Repeat("A", 43)}},
		"nobody's":            {"client_id": "nobody", "sub": "nobody"},
		"an old generation":   {"gen": 0},
		"another issuer":      {"iss": "https://other.example"},
	} {
		if got := challenge(change); got != expired {
			t.Errorf("%s: %s, but expired: %s", name, got, expired)
		}
	}
}
