package scenario

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// put sends an update with a token.
func (c *client) put(t *testing.T, token string, request *harness.JWT) *harness.Answer {
	t.Helper()
	contentType, body := c.Sent(request)
	return c.do(t, call{method: "PUT", url: c.url, contentType: contentType, body: body, header: bearer(token)})
}

// An update replaces all of the metadata, and nothing of who the client is; its tokens live on, without the scopes that the
// client no longer has.
func TestUpdateReplaces(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	request := c.Request()
	request.Claims["scope"] = "openid payments"
	request.Claims["client_id"] = c.id
	delete(request.Claims, "response_types")
	answer := c.put(t, token, request)
	if answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	got := answer.JSON(t)
	for name, want := range map[string]any{
		"client_id": c.id, "client_id_issued_at": c.document["client_id_issued_at"], "scope": "openid payments", "response_types": []any{"code id_token"},
	} {
		if fmt.Sprint(got[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if read := c.read(t, token); read.Status != http.StatusOK || fmt.Sprint(read.JSON(t)) != fmt.Sprint(got) {
		t.Errorf("after the update GET answers %s, want what PUT has", read)
	}
	want{http.StatusForbidden, "insufficient_scope", "scope.missing"}.check(t, c.accounts(t, token))
	request = c.Request()
	if answer := c.put(t, token, request); answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	if answer := c.accounts(t, token); answer.Status != http.StatusOK {
		t.Errorf("after an update that brings the scope back: %s", answer)
	}
}

func TestUpdateAttacks(t *testing.T) {
	t.Parallel()
	c, other := newClient(t), newClient(t)
	token := c.token(t)
	rows := []attack{
		{"another client's id", claim("client_id", other.id), metadata("client_id")},
		{"an id in other letters", claim("client_id", swapCase(c.id)), metadata("client_id")},
		{"an id that is no string", claim("client_id", 1), metadata("client_id")},
		{"another organisation's statement", claim("software_statement", other.StatementText), unfit("statement.certificate")},
		{"all of another's", func(j *harness.JWT) { *j = *other.Request() }, unfit("statement.certificate")},
		{"signed by another", signedBy("", other.Signing), metadata("request.signature")},
		{"a part of the metadata only", noClaim("scope"), metadata("dictionary.required")},
		{"a redirect URI that is not in the statement", claim("redirect_uris", []string{"https://evil.example.com/"}), redirect("redirect_uris.statement")},
		{"more scope than the roles allow", claim("scope", "accounts admin"), metadata("scope.unknown")},
		{"without a statement", noClaim("software_statement"), unfit("statement.missing")},
	}
	for _, name := range []string{
		"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at", "client_secret",
	} {
		rows = append(rows, attack{name, claim(name, "x"), metadata("management")})
	}
	for _, a := range rows {
		t.Run(a.name, func(t *testing.T) {
			request := c.Request()
			a.change(request)
			a.want.check(t, c.put(t, token, request))
		})
	}
	if read := c.read(t, token); fmt.Sprint(read.JSON(t)) != fmt.Sprint(c.document) {
		t.Errorf("refused updates have changed the client: %s", read)
	}
}

// An organisation's certificate (OBWAC) is good for all of its software: then only the statement tells whose update it
// is.
func TestUpdateKeepsItsSoftware(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	sibling := enrol(t, gateway, harness.Order{OrgID: p.OrgID})
	p.Transport = harness.Issue(t, &ca, harness.TransportTemplate(obwacSubject(p.OrgID)))
	publish(t, p, p.Transport)
	publish(t, sibling, p.Transport)
	c := p.register(t, nil)
	token := c.token(t)
	unfit("immutable.software_id").check(t, c.put(t, token, sibling.Request()))
	if answer := c.put(t, token, c.Request()); answer.Status != http.StatusOK {
		t.Errorf("its own update: %s", answer)
	}
}

func TestUpdateTokens(t *testing.T) {
	t.Parallel()
	c, other := newClient(t), newClient(t)
	sibling := enrol(t, gateway, harness.Order{OrgID: c.OrgID}).register(t, nil)
	revoked := c.token(t)
	if answer := c.ask(t, c.World.File.Revocation, c.form(map[string][]string{"token": {revoked}})); answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	for _, test := range []struct {
		name, token string
		want        want
	}{
		{"revoked", revoked, badToken("bearer.token")},
		{"another client's, by its certificate", other.token(t), badToken("bearer.token")},
		{"a sibling's", sibling.token(t), badToken("bearer.token")},
		{"the request itself", c.Request().Compact(), badToken("bearer.token")},
		{"empty", "", badToken("bearer.token")},
	} {
		t.Run(test.name, func(t *testing.T) { test.want.check(t, c.put(t, test.token, c.Request())) })
	}
	t.Run("none", func(t *testing.T) {
		answer := c.do(t, call{method: "PUT", url: c.url, contentType: "application/jwt", body: c.Request().Compact()})
		want{http.StatusUnauthorized, "unauthorized", "bearer.missing"}.check(t, answer)
	})
}

func TestUpdateReplay(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	jti := claim("jti", newUUID())
	c := p.register(t, jti)
	token := c.token(t)
	request := c.Request()
	jti(request)
	replayed.check(t, c.put(t, token, request))

	request = c.Request()
	if answer := c.put(t, token, request); answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	replayed.check(t, c.put(t, token, request))
}

// "unless the grant type client_credentials or the certificate binding was removed".
func TestUpdateThatEndsTokens(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	request := c.Request()
	request.Claims["grant_types"] = []string{"authorization_code"}
	if answer := c.put(t, token, request); answer.Status != http.StatusOK {
		t.Fatal(answer)
	}
	badToken("bearer.token").check(t, c.read(t, token))
	want{http.StatusBadRequest, "unauthorized_client", "grant_type.registered"}.check(t, c.ask(t, c.World.File.Token, c.form(with("scope", "accounts"))))
}
