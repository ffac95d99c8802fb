package scenario

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Client assertions that authenticate nobody.
func TestAssertions(t *testing.T) {
	t.Parallel()
	c, other := newClient(t), newClient(t)
	unknown := badClient("clientauth.client")
	w := c.World.File
	rows := []attack{
		{"of another client, with our signature", both(claim("iss", other.id), claim("sub", other.id)), unknown},
		{"of a client that is not there", both(claim("iss", "00nobody"), claim("sub", "00nobody")), unknown},
		{"iss our client, sub another", claim("sub", other.id), badClient("clientauth.sub")},
		{"iss another, sub our client", claim("iss", other.id), unknown},
		{"iss and sub the software", both(claim("iss", c.SoftwareID), claim("sub", c.SoftwareID)), unknown},
		{"no iss", noClaim("iss"), badClient("clientauth.iss")},
		{"no sub", noClaim("sub"), badClient("clientauth.sub")},
		{"iss that looks like a key of the store", claim("iss", c.id+"}:x{"), unknown},
		{"iss empty", claim("iss", ""), unknown},
		{"iss too long", claim("iss", strings.Repeat("x", 4000)), unknown},

		{"no aud", noClaim("aud"), badClient("clientauth.aud")},
		{"aud another server", claim("aud", "https://bank.example.com/token"), badClient("clientauth.aud")},
		{"aud the revocation endpoint", claim("aud", w.Revocation), badClient("clientauth.aud")},
		{"aud with a slash", claim("aud", w.Token+"/"), badClient("clientauth.aud")},
		{"aud in capitals", claim("aud", strings.ToUpper(w.Issuer)), badClient("clientauth.aud")},
		{"aud ours among others", claim("aud", []string{w.Issuer, "https://bank.example.com"}), badClient("clientauth.aud")},
		{"aud an empty list", claim("aud", []string{}), badClient("clientauth.aud")},
		{"aud that of registrations", claim("aud", w.Audience), badClient("clientauth.aud")},

		{"no exp", noClaim("exp"), badClient("clientauth.exp")},
		{"expired", claim("exp", ago(0)), badClient("clientauth.exp")},
		{"lives for more than an hour", claim("exp", in(65*time.Minute)), badClient("clientauth.exp")},
		{"lives for 30000 seconds, as in the seeds", claim("exp", in(30000*time.Second)), badClient("clientauth.exp")},
		{"exp a string", claim("exp", "1"), badClient("clientauth.exp")},
		{"exp in milliseconds", claim("exp", time.Now().Add(time.Minute).UnixMilli()), badClient("clientauth.exp")},
		{"issued in five minutes", claim("iat", in(5*time.Minute)), badClient("clientauth.iat")},
		{"issued the day before yesterday", claim("iat", ago(48*time.Hour)), badClient("clientauth.iat")},
		{"not before in five minutes", claim("nbf", in(5*time.Minute)), badClient("clientauth.nbf")},
		{"no jti", noClaim("jti"), badClient("clientauth.jti")},
		{"jti empty", claim("jti", ""), badClient("clientauth.jti")},
		{"jti a number", claim("jti", 1628744855194), badClient("clientauth.jti")},
		{"jti too long", claim("jti", strings.Repeat("j", 256)), badClient("clientauth.jti")},

		{"an access token's typ", head("typ", "at+jwt"), badClient("clientauth.jws.typ")},
		{"a typ of something else", head("typ", "application/jwt"), badClient("clientauth.jws.typ")},
		{"RS256", signedBy("RS256", c.Signing), badClient("clientauth.jws.alg")},
		{"none", signedBy("none", nil), badClient("clientauth.jws.compact")},
		{"none with a signature", head("alg", "none"), badClient("clientauth.jws.alg")},
		{"HS256 with the public key", signedBy("HS256", publicTexts(t, c.Signing)["PEM"]), badClient("clientauth.jws.alg")},
		{"ES256, which is not the registered alg", signedBy("ES256", strangerEC(t)), unknown},
		{"a stranger's key", signedBy("", stranger(t)), unknown},
		{"another software's key", both(signedBy("", other.Signing), head("kid", other.SigningKeyID)), unknown},
		{"the transport key", both(signedBy("", c.Transport.PrivateKey), head("kid", c.TransportKeyID)), unknown},
		{"the transport key, without a kid", both(signedBy("", c.Transport.PrivateKey), noHead("kid")), unknown},
		{"kid that nobody has", head("kid", "nobody"), unknown},
		{"an embedded jwk", head("jwk", map[string]string{"kty": "RSA"}), badClient("clientauth.jws.embedded_key")},
		{"a jku", head("jku", "https://127.0.0.1:1/"), badClient("clientauth.jws.embedded_key")},
		{"crit", head("crit", []string{"exp"}), badClient("clientauth.jws.crit")},
		{"a member twice", func(j *harness.JWT) { j.RawClaims = `{"iss":"x",` + textOf(j.Claims)[1:] }, badClient("clientauth.jws.payload")},
		{"a flipped bit", parts(func(h, c, s string) string { return h + "." + c + "." + flipped(s) }), unknown},
		{"more than 8 KiB", claim("x", strings.Repeat("x", 8<<10)), badClient("clientauth.jws.size")},
		{"a registration request", func(j *harness.JWT) { *j = *c.Request() }, unknown},
		{"the software statement", func(j *harness.JWT) { *j = *c.ssa(t) }, unknown},
	}
	for _, endpoint := range []string{w.Token, w.Revocation, w.Introspection} {
		t.Run(endpoint[strings.LastIndex(endpoint, "/")+1:], func(t *testing.T) {
			for _, a := range rows {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					assertion := c.Assertion(c.id)
					a.change(assertion)
					a.want.check(t, c.ask(t, endpoint, c.form(with("client_assertion", assertion.Compact(), "token", "x"))))
				})
			}
		})
	}
}

// Assertions of all the forms that TPPs send.
func TestAssertionsOfTheWild(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, test := range []struct {
		name   string
		change func(*harness.JWT)
	}{
		{"aud the issuer", claim("aud", c.World.File.Issuer)},
		{"aud a list of the token endpoint", claim("aud", []string{c.World.File.Token})},
		{"aud a list of the issuer", claim("aud", []string{c.World.File.Issuer})},
		{"typ JWT", head("typ", "JWT")},
		{"typ of RFC 10070", head("typ", "client-authentication+jwt")},
		{"no kid", noHead("kid")},
		{"no iat", noClaim("iat")},
		{"a clock 5 seconds ahead", both(claim("iat", in(5*time.Second)), claim("nbf", in(5*time.Second)))},
		{"for 29 minutes", claim("exp", in(29*time.Minute))},
		{"jti in milliseconds", claim("jti", "1628744855194")},
	} {
		t.Run(test.name, func(t *testing.T) {
			assertion := c.Assertion(c.id)
			test.change(assertion)
			if answer := c.ask(t, c.World.File.Token, c.form(with("client_assertion", assertion.Compact()))); answer.Status != http.StatusOK {
				t.Errorf("got %s, want 200", answer)
			}
		})
	}
}

// An assertion is used once, at whatever endpoint; one that was refused was not used.
func TestAssertionReplay(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	used := c.form(nil)
	c.tokenOf(t, used)
	used.Set("token", "x")
	for _, endpoint := range []string{c.World.File.Token, c.World.File.Revocation, c.World.File.Introspection} {
		badClient("jti.replay").check(t, c.ask(t, endpoint, used))
	}
	again := c.Assertion(c.id) // the same jti in another token
	again.Claims["jti"] = "x"
	c.tokenOf(t, c.form(with("client_assertion", again.Compact())))
	again.Claims["exp"] = in(2 * time.Minute)
	badClient("jti.replay").check(t, c.ask(t, c.World.File.Token, c.form(with("client_assertion", again.Compact()))))

	refused := c.form(with("scope", "admin"))
	want{http.StatusBadRequest, "invalid_scope", "scope.registered"}.check(t, c.ask(t, c.World.File.Token, refused))
	refused.Del("scope")
	c.tokenOf(t, refused)
}
