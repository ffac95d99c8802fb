package scenario

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token" (OBIE DCR), and nobody learns whether it is unknown or somebody else's.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	victim := newClient(t)
	t.Run("asked for", func(t *testing.T) { foreignClients(t, victim) })
	if answer := victim.read(t, victim.token(t)); answer.Status != http.StatusOK {
		t.Errorf("the client whose id was used: %s", answer)
	}
}

func foreignClients(t *testing.T, victim *client) {
	for _, test := range []struct {
		name string
		path func(c *client) string
	}{
		{"another organisation's client", func(*client) string { return victim.id }},
		{"a sibling's client", func(c *client) string { return enrol(t, gateway, harness.Order{OrgID: c.OrgID}).register(t, nil).id }},
		{"no client", func(*client) string { return "00nobodyAtAll0123456789" }},
		{"its own id in other letters", func(c *client) string { return swapCase(c.id) }},
		{"its own id cut short", func(c *client) string { return c.id[:len(c.id)-1] }},
		{"its own id and something", func(c *client) string { return c.id + "0" }},
		{"its own id escaped twice", func(c *client) string { return "%25" + hex(c.id[0]) + c.id[1:] }},
		{"the software's id", func(c *client) string { return c.SoftwareID }},
		{"a very long id", func(*client) string { return strings.Repeat("a", 4000) }},
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			t.Run(test.name+" "+method, func(t *testing.T) {
				t.Parallel()
				c := newClient(t)
				token := c.token(t)
				sent := call{method: method, url: c.registration + "/" + test.path(c), header: bearer(token)}
				if method == "PUT" {
					sent.contentType, sent.body = "application/jose", c.Request().Compact()
				}
				badToken("owner.client").check(t, c.do(t, sent))
				deadToken.check(t, c.read(t, token))     // dead at once,
				deadToken.check(t, c.accounts(t, token)) // everywhere,
				c.token(t)                               // and only this one
			})
		}
	}
}

func hex(c byte) string {
	return strings.ToUpper(string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
}

// The same id, escaped once, is the same id: one decoding, as everywhere.
func TestEscapedClientID(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	escaped := c.registration + "/%" + hex(c.id[0]) + c.id[1:]
	if answer := c.do(t, call{method: "GET", url: escaped, header: bearer(c.token(t))}); answer.Status != http.StatusOK {
		t.Errorf("got %s, want 200", answer)
	}
}

// DELETE ends the client and all of its tokens at once, also those that gates have verified before.
func TestDelete(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	tokens := []string{c.token(t), c.token(t)}
	for _, token := range tokens {
		if answer := c.accounts(t, token); answer.Status != http.StatusOK {
			t.Fatal(answer)
		}
	}
	if answer := c.do(t, call{method: "DELETE", url: c.url, header: bearer(tokens[0])}); answer.Status != http.StatusNoContent || len(answer.Body) > 0 {
		t.Fatalf("got %s, want 204 without a body", answer)
	}
	for _, token := range tokens {
		deadToken.check(t, c.read(t, token))
		deadToken.check(t, c.accounts(t, token))
		deadToken.check(t, c.do(t, call{method: "DELETE", url: c.url, header: bearer(token)}))
	}
	badClient("clientauth.client").check(t, c.ask(t, c.World.File.Token, c.form(nil)))
	again := c.register(t, nil)
	if again.id == c.id {
		t.Error("the id was given twice")
	}
	deadToken.check(t, again.accounts(t, tokens[0]))
}

// Revocation (RFC 7009).
func TestRevocation(t *testing.T) {
	t.Parallel()
	c, other := newClient(t), newClient(t)
	revoke := func(t *testing.T, by *client, changes url.Values) *harness.Answer {
		t.Helper()
		return by.ask(t, by.World.File.Revocation, by.form(changes))
	}
	done := func(t *testing.T, answer *harness.Answer) {
		t.Helper()
		if answer.Status != http.StatusOK || len(answer.Body) > 0 {
			t.Errorf("got %s and %d bytes, want 200 with none", answer, len(answer.Body))
		}
	}
	t.Run("of a token of one's own", func(t *testing.T) {
		token, kept := c.token(t), c.token(t)
		if answer := c.accounts(t, token); answer.Status != http.StatusOK {
			t.Fatal(answer)
		}
		done(t, revoke(t, c, with("token", token)))
		deadToken.check(t, c.accounts(t, token))
		deadToken.check(t, c.read(t, token))
		done(t, revoke(t, c, with("token", token)))
		if answer := c.accounts(t, kept); answer.Status != http.StatusOK {
			t.Errorf("another token of the client: %s", answer)
		}
	})
	t.Run("of somebody else's token", func(t *testing.T) {
		token := other.token(t)
		done(t, revoke(t, c, with("token", token)))
		if answer := other.accounts(t, token); answer.Status != http.StatusOK {
			t.Errorf("the token of the other: %s", answer)
		}
	})
	for name, token := range map[string]string{
		"garbage": "garbage", "an assertion": c.Assertion(c.id).Compact(), "a statement": c.StatementText, "large": strings.Repeat("a.", 4000),
	} {
		t.Run("of what is no token: "+name, func(t *testing.T) { done(t, revoke(t, c, with("token", token))) })
	}
	t.Run("with hints", func(t *testing.T) {
		for _, hint := range []string{"access_token", "refresh_token", "nonsense"} {
			token := c.token(t)
			done(t, revoke(t, c, with("token", token, "token_type_hint", hint)))
			deadToken.check(t, c.accounts(t, token))
		}
	})
	t.Run("without a token", func(t *testing.T) {
		badRequest("token.missing").check(t, revoke(t, c, nil))
		badRequest("token.missing").check(t, revoke(t, c, with("token", "")))
	})
}

// Introspection (RFC 7662): what is not the caller's living token is inactive, and no more is said.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	c, other := newClient(t), newClient(t)
	ask := func(t *testing.T, token string) map[string]any {
		t.Helper()
		answer := c.ask(t, c.World.File.Introspection, c.form(with("token", token)))
		if answer.Status != http.StatusOK {
			t.Fatal(answer)
		}
		return answer.JSON(t)
	}
	token := c.token(t)
	got := ask(t, token)
	for name, want := range map[string]any{
		"active": true, "client_id": c.id, "sub": c.id, "scope": "accounts", "token_type": "Bearer",
		"iss": c.World.File.Issuer, "aud": c.World.MTLS(),
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if confirmation, _ := got["cnf"].(map[string]any); confirmation["x5t#S256"] != thumbprint(c.Transport) {
		t.Errorf("cnf is %v, want the certificate's thumbprint", got["cnf"])
	}
	revoked := c.token(t)
	c.ask(t, c.World.File.Revocation, c.form(with("token", revoked)))
	for name, bad := range map[string]string{
		"somebody else's": other.token(t), "revoked": revoked, "garbage": "garbage", "an assertion": c.Assertion(c.id).Compact(),
	} {
		if got := ask(t, bad); got["active"] != false || len(got) != 1 {
			t.Errorf("%s: got %v, want active false and nothing more", name, got)
		}
	}
	badRequest("token.missing").check(t, c.ask(t, c.World.File.Introspection, c.form(nil)))
}
