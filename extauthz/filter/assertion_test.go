package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// assertionCase is a change to a good assertion and the verdict it must get.
type assertionCase struct {
	name           string
	key            key // the software's when zero
	header, change claims
	id             string // the parameter client_id
	peer           leaf
	want           string
}

func (w *world) runAssertions(t *testing.T, client *dcrpb.Client, cases []assertionCase) {
	t.Helper()
	chain := w.chain("certificate", "clientauth")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			signer := c.key
			if signer.signer == nil {
				signer = w.keys.software
			}
			r := w.form(map[string]string{
				"client_assertion_type": jwtBearer, "client_id": c.id,
				"client_assertion": signer.sign(t, c.header, w.assertionClaims(client).with(c.change)),
			})
			if c.peer.escaped != "" {
				r.PeerPEM = c.peer.escaped
			}
			want(t, w.in(t).authenticate(chain, r), c.want)
			if c.want == "" && (r.Client.GetId() != client.GetId() || r.AuthMethod != "private_key_jwt" || len(r.UsedJTIs) != 1) {
				t.Errorf("proved %s by %s with used jtis %v", r.Client.GetId(), r.AuthMethod, r.UsedJTIs)
			}
		})
	}
}

// TestAssertionSignature covers the header, the signature and the key of an assertion (RFC 7523, section 3).
func TestAssertionSignature(t *testing.T) {
	w := newWorld(t)
	const form = "401 invalid_client clientauth.jws."
	forged := w.keys.stranger
	forged.kid = w.keys.software.kid
	w.runAssertions(t, w.client(), []assertionCase{
		{name: "a good one"},
		{name: "without kid", header: claims{"kid": nil}},
		{name: "without typ", header: claims{"typ": nil}},
		{name: "typ in small letters", header: claims{"typ": "jwt"}},
		{name: "the typ of RFC 10070", header: claims{"typ": "client-authentication+jwt"}},
		{name: "an access token by its typ", header: claims{"typ": "at+jwt"}, want: form + "typ"},
		{name: "facts by their typ", header: claims{"typ": "dcr-facts+jwt"}, want: form + "typ"},
		{name: "unsigned", header: claims{"alg": "none"}, want: form + "alg"},
		{name: "RS256", header: claims{"alg": "RS256"}, want: form + "alg"},
		{name: "with a key of its own", header: claims{"jwk": claims{}}, want: form + "embedded_key"},
		{name: "with crit", header: claims{"crit": []string{"exp"}}, want: form + "crit"},
		{name: "too large", change: claims{"more": strings.Repeat("x", 8<<10)}, want: form + "size"},
		{name: "another alg than registered, with a key that is the software's", key: w.keys.softwareRSA, want: unknownClient},
		{name: "the registered alg in the header only", key: w.keys.softwareRSA, header: claims{"alg": "ES256"}, want: unknownClient},
		{name: "a stranger's key", key: w.keys.stranger, want: unknownClient},
		{name: "a stranger's key under the software's kid", key: forged, want: unknownClient},
		{name: "a stranger's key without kid", key: w.keys.stranger, header: claims{"kid": nil}, want: unknownClient},
		{name: "the organisation's key", key: w.keys.org, want: unknownClient},
		{name: "the directory's key", key: w.keys.directory, want: unknownClient},
		{name: "stolen by another software", peer: w.mint(w.legacy, legacyName(otherID, otherOrgID), nil), want: unknownClient},
		{name: "stolen by another software of the organisation", peer: w.mint(w.legacy, legacyName(otherID, orgID), nil), want: unknownClient},
		{name: "over another certificate of the organisation", peer: w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-1"), nil)},
	})
}

// TestAssertionWithPS256 is T5 for the other algorithm.
func TestAssertionWithPS256(t *testing.T) {
	w := newWorld(t)
	client := w.client(func(c *dcrpb.Client) { c.TokenEndpointAuthSigningAlg = "PS256" })
	w.runAssertions(t, client, []assertionCase{
		{name: "PS256", key: w.keys.softwareRSA},
		{name: "ES256", want: unknownClient},
	})
}

// TestAssertionClaims covers the claims of an assertion (RFC 7523, section 3; OpenID Connect Core, section 9).
func TestAssertionClaims(t *testing.T) {
	w := newWorld(t)
	const refused = "401 invalid_client clientauth."
	client, other := w.client(), w.client()
	at := func(d time.Duration) int64 { return w.now.Add(d).Unix() }
	w.runAssertions(t, client, []assertionCase{
		{name: "the client's id beside it", id: client.GetId()},
		{name: "another client's id beside it", id: other.GetId(), want: refused + "sub"},
		{name: "another sub", change: claims{"sub": other.GetId()}, want: refused + "sub"},
		{name: "no sub", change: claims{"sub": nil}, want: refused + "sub"},
		{name: "no iss", change: claims{"iss": nil}, want: refused + "iss"},
		{name: "a list as iss", change: claims{"iss": []string{client.GetId()}}, want: refused + "iss"},
		{name: "an iss that nobody is", change: claims{"iss": "nobody", "sub": "nobody"}, want: unknownClient},
		{name: "the software's id as iss", change: claims{"iss": softwareID, "sub": softwareID}, want: unknownClient},
		{name: "another client of the same software", change: claims{"iss": other.GetId()}, want: refused + "sub"},

		{name: "for the token endpoint", change: claims{"aud": tokenURL}},
		{name: "for the issuer, in a list", change: claims{"aud": []string{issuerURL}}},
		{name: "for issuer and token endpoint", change: claims{"aud": []string{issuerURL, tokenURL}}, want: refused + "aud"},
		{name: "for the issuer and somebody else", change: claims{"aud": []string{issuerURL, "https://other.example"}}, want: refused + "aud"},
		{name: "for somebody else", change: claims{"aud": "https://other.example"}, want: refused + "aud"},
		{name: "for the issuer with a slash", change: claims{"aud": issuerURL + "/"}, want: refused + "aud"},
		{name: "for nobody", change: claims{"aud": nil}, want: refused + "aud"},
		{name: "for an empty list", change: claims{"aud": []string{}}, want: refused + "aud"},
		{name: "for an object", change: claims{"aud": claims{}}, want: refused + "aud"},

		{name: "half an hour ahead, by a clock that is ahead", change: claims{"exp": at(30*time.Minute + 10*time.Second)}},
		{name: "more than half an hour ahead", change: claims{"exp": at(30*time.Minute + 11*time.Second)}, want: refused + "exp"},
		{name: "expired now", change: claims{"iat": at(-time.Minute), "exp": at(0)}, want: refused + "exp"},
		{name: "expires in a second", change: claims{"exp": at(time.Second)}},
		{name: "without exp", change: claims{"exp": nil}, want: refused + "exp"},
		{name: "exp in quotes", change: claims{"exp": "2000000000"}, want: refused + "exp"},
		{name: "exp in milliseconds", change: claims{"exp": w.now.UnixMilli()}, want: refused + "exp"},
		{name: "without iat", change: claims{"iat": nil}},
		{name: "iat as a fraction", change: claims{"iat": 1.5}, want: refused + "iat"},
		{name: "iat a little ahead", change: claims{"iat": at(10 * time.Second)}},
		{name: "iat ahead", change: claims{"iat": at(11 * time.Second)}, want: refused + "iat"},
		{name: "iat of the day before yesterday", change: claims{"iat": at(-48 * time.Hour)}, want: refused + "iat"},
		{name: "nbf a little ahead", change: claims{"nbf": at(10 * time.Second)}},
		{name: "nbf ahead", change: claims{"nbf": at(11 * time.Second)}, want: refused + "nbf"},

		{name: "without jti", change: claims{"jti": nil}, want: refused + "jti"},
		{name: "an empty jti", change: claims{"jti": ""}, want: refused + "jti"},
		{name: "a number as jti", change: claims{"jti": 1}, want: refused + "jti"},
		{name: "the longest jti", change: claims{"jti": strings.Repeat("j", 255)}},
		{name: "a blank jti", change: claims{"jti": "  "}, want: refused + "jti"},
		{name: "a jti that looks blank", change: claims{"jti": "\u00a0\u200b"}, want: refused + "jti"},
		{name: "a jti with a line break", change: claims{"jti": "a\nb"}, want: refused + "jti"},
		{name: "a jti with a null character", change: claims{"jti": "a\x00"}, want: refused + "jti"},
		{name: "a jti with a C1 control character", change: claims{"jti": "a\u0085"}, want: refused + "jti"},
		{name: "a jti with a space", change: claims{"jti": "a b"}},
		{name: "a jti that is not ASCII", change: claims{"jti": "\u00e9"}},
		{name: "a longer jti", change: claims{"jti": strings.Repeat("j", 256)}, want: refused + "jti"},
	})
}

// TestAssertionForNobody asks about an installation that has no token endpoint, so that its URL is empty: that is no
// audience (T7).
func TestAssertionForNobody(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	directories := w.directories()
	chain := append(w.chainOf(directories, "certificate"),
		&filter.ClientAuthFilter{Store: w.store, Directories: directories, Known: w.known, Audiences: []string{issuerURL, ""}})
	for name, audience := range map[string]any{"an empty text": "", "a list of one": []string{""}} {
		r := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client).with(claims{"aud": audience})))
		if got := verdict(t, w.authenticate(chain, r)); got != "401 invalid_client clientauth.aud" {
			t.Errorf("%s as aud: got %q", name, got)
		}
	}
}

// TestAssertionJTI is T9: one use of a jti for each client, until the assertion has expired.
func TestAssertionJTI(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "clientauth")
	one, two := w.client(), w.client()
	burnt := func(c *dcrpb.Client, change claims) *dcrpb.UsedJTI {
		r := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(c).with(change)))
		want(t, w.authenticate(chain, r), "")
		if len(r.UsedJTIs) != 1 {
			t.Fatalf("%d used jtis, want 1", len(r.UsedJTIs))
		}
		return r.UsedJTIs[0]
	}
	first := burnt(one, nil)
	if got, until := first.GetExp(), w.now.Add(30*time.Minute).Unix(); int64(got) < until || int64(got) > until+5 {
		t.Errorf("remembered until %d, but it may be used until %d", got, until)
	}
	if first.GetPurpose() != "assertion" || len(first.GetId()) != 43 {
		t.Errorf("got %v", first)
	}
	if again := burnt(one, claims{"exp": w.now.Unix() + 60}); again.GetId() != first.GetId() {
		t.Error("one jti of one client is two used jtis")
	}
	if other := burnt(one, claims{"jti": "another"}); other.GetId() == first.GetId() {
		t.Error("two jtis of one client are one jti")
	}
	if other := burnt(two, nil); other.GetId() == first.GetId() {
		t.Error("one jti of two clients is one jti")
	}
}
