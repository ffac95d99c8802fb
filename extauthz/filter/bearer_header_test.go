package filter_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

const (
	noToken      = "401 - bearer."
	invalidToken = "401 invalid_token bearer.token"
	severalWays  = "400 invalid_request bearer.methods"
)

// TestBearerHeader covers how a token is sent (RFC 6750, section 2).
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
		{name: "another scheme, with a list", values: []string{`Digest username="a", realm="b"`}, want: noToken + "scheme"},
		{name: "another scheme, and the query", values: []string{"Digest a, b"}, query: "access_token=" + good, want: noToken + "scheme"},
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
		{name: "two headers, of two schemes", values: []string{"Basic dXNlcjpwYXNz", "Bearer " + good}, want: severalWays},
		{name: "two headers, of two schemes, joined", values: []string{"Basic dXNlcjpwYXNz,bearer " + good}, want: severalWays},
		{name: "two headers, one of them empty, joined", values: []string{",Bearer " + good}, want: severalWays},
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

// TestBearerChallenge holds the sentence of all dead tokens together: "same text for all".
func TestBearerChallenge(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "bearer")
	client := w.client()
	challenge := func(change claims) string {
		compact := w.keys.token.sign(t, claims{"typ": "at+jwt"}, w.accessClaims(client).with(change))
		err := w.run(chain, w.request(map[string]string{"Authorization": "Bearer " + compact}, ""))
		status, header, _ := dcr.AsRefusal(err).Answer("")
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
