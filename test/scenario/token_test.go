package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

func badRequest(rule string) want { return want{http.StatusBadRequest, "invalid_request", rule} }

// with are changes of a form, by names and values.
func with(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// The form of a token request, and what it asks for.
func TestTokenRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t) // registered for accounts and openid
	scope := func(rule string) want { return want{http.StatusBadRequest, "invalid_scope", rule} }
	for _, test := range []struct {
		name    string
		changes url.Values
		want    want
	}{
		{"no grant type", with("grant_type", absent), badRequest("grant_type.missing")},
		{"an empty grant type", with("grant_type", ""), badRequest("grant_type.missing")},
		{"a grant of users", with("grant_type", "authorization_code"), want{http.StatusBadRequest, "unsupported_grant_type", "grant_type.supported"}},
		{"a grant of passwords", with("grant_type", "password"), want{http.StatusBadRequest, "unsupported_grant_type", "grant_type.supported"}},
		{"a grant in capitals", with("grant_type", "CLIENT_CREDENTIALS"), want{http.StatusBadRequest, "unsupported_grant_type", "grant_type.supported"}},
		{"grant_type twice", with("grant_type", "client_credentials", "grant_type", "client_credentials"), badRequest("form.duplicate")},
		{"scope twice, once empty", with("scope", "accounts", "scope", ""), badRequest("form.duplicate")},
		{"a parameter that we do not know, twice", with("x", "1", "x", "2"), badRequest("form.duplicate")},
		{"a control character", with("scope", "accounts\n"), badRequest("form.encoding")},
		{"not UTF-8", with("scope", "\xff"), badRequest("form.encoding")},
		{"a scope that is not registered", with("scope", "payments"), scope("scope.registered")},
		{"one among those that are", with("scope", "accounts payments"), scope("scope.registered")},
		{"a scope that nobody has", with("scope", "admin"), scope("scope.registered")},
		{"a scope in capitals", with("scope", "ACCOUNTS"), scope("scope.registered")},
		{"scopes with two spaces", with("scope", "accounts  openid"), scope("scope.registered")},
		{"no assertion type", with("client_assertion_type", absent), badClient("clientauth.assertion_type")},
		{"another assertion type", with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), badClient("clientauth.assertion_type")},
		{"an assertion type with a space", with("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer "), badClient("clientauth.assertion_type")},
		{"no assertion", with("client_assertion", absent), badClient("clientauth.jws.compact")},
		{"an assertion and a secret", with("client_secret", "s"), badRequest("clientauth.methods")},
	} {
		t.Run(test.name, func(t *testing.T) { test.want.check(t, c.ask(t, c.World.File.Token, c.form(test.changes))) })
	}
}

// How a token request comes.
func TestTokenTransport(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	good := func() string { return c.form(nil).Encode() }
	noForm := want{http.StatusUnsupportedMediaType, "unsupported_media_type", "form.content_type"}
	for _, test := range []struct {
		name string
		call call
		want want
	}{
		{"JSON", call{contentType: "application/json", body: `{"grant_type":"client_credentials"}`}, noForm},
		{"no Content-Type", call{body: good(), header: http.Header{"Content-Type": nil}}, noForm},
		{"multipart", call{contentType: "multipart/form-data; boundary=x", body: good()}, noForm},
		{"another charset", call{contentType: formType + "; charset=utf-16", body: good()}, noForm},
		{"two Content-Types", call{body: good(), header: header("Content-Type", formType, "application/json")}, noForm},
		{"parameters in the query", call{url: "?grant_type=client_credentials", contentType: formType, body: good()}, badRequest("form.query")},
		{"a token in the query", call{url: "?access_token=x", contentType: formType, body: good()}, badRequest("form.query")},
		{"a body that is no form", call{contentType: formType, body: "%zz"}, badRequest("form.encoding")},
		{"semicolons", call{contentType: formType, body: good() + ";scope=accounts"}, badRequest("form.encoding")},
		{"no body", call{contentType: formType}, badClient("clientauth.missing")},
		{"GET", call{method: "GET"}, want{http.StatusMethodNotAllowed, "method_not_allowed", "route.method"}},
		{"GET with the parameters", call{method: "GET", url: "?" + good()}, want{http.StatusMethodNotAllowed, "method_not_allowed", "route.method"}},
		{"Accept text/html", call{contentType: formType, body: good(), header: header("Accept", "text/html")}, badAccept},
		{"16 KiB and a byte", call{contentType: formType, body: padded(good(), 16<<10+1)}, want{http.StatusRequestEntityTooLarge, "request_too_large", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.call.method == "" {
				test.call.method = "POST"
			}
			test.call.url = c.World.File.Token + test.call.url
			test.want.check(t, c.do(t, test.call))
		})
	}
	for name, sent := range map[string]call{
		"charset utf-8":      {contentType: formType + ";charset=UTF-8", body: good()},
		"16 KiB":             {contentType: formType, body: padded(good(), 16<<10)},
		"a client_id beside": {contentType: formType, body: good() + "&client_id=" + c.id},
		"an empty scope":     {contentType: formType, body: good() + "&scope="},
		"empty parameters":   {contentType: formType, body: "&" + good() + "&&client_secret=&resource="},
	} {
		t.Run(name, func(t *testing.T) {
			sent.method, sent.url = "POST", c.World.File.Token
			if answer := c.do(t, sent); answer.Status != http.StatusOK {
				t.Errorf("got %s, want 200", answer)
			}
		})
	}
}

// padded makes a form that long, with a parameter that nobody reads.
func padded(form string, length int) string {
	form += "&padding="
	return form + strings.Repeat("x", length-len(form))
}

// What a token is, as far as its client sees.
func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	c := newTPP(t).register(t, claim("scope", "openid accounts payments"))
	for _, test := range []struct{ name, asked, want string }{
		{"all that needs no user", absent, "accounts payments"},
		{"an empty scope is none", "", "accounts payments"},
		{"a part", "payments", "payments"},
		{"in the order asked, each once", "payments accounts payments", "payments accounts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := c.ask(t, c.World.File.Token, c.form(with("scope", test.asked)))
			got := answer.JSON(t)
			if answer.Status != http.StatusOK || got["scope"] != test.want || got["token_type"] != "Bearer" || got["expires_in"] != json.Number("300") {
				t.Errorf("got %d with scope %v, token_type %v, expires_in %v, want %q", answer.Status, got["scope"], got["token_type"], got["expires_in"], test.want)
			}
			if _, has := got["refresh_token"]; has {
				t.Error("a refresh token was issued")
			}
			token, _ := got["access_token"].(string)
			harness.Remember(token)
			if strings.Count(token, ".") != 2 {
				t.Error("the access token is no compact JWS")
			}
		})
	}
}

// Every token is another, and its jti is not to be guessed.
func TestTokensDiffer(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	seen := map[string]bool{}
	for range 5 {
		token := c.token(t)
		introspected := c.ask(t, c.World.File.Introspection, c.form(with("token", token))).JSON(t)
		id := fmt.Sprint(introspected["jti"])
		if seen[token] || seen[id] || len(id) < 22 {
			t.Errorf("a token, or its jti of %d characters, was there before or is short", len(id))
		}
		seen[token], seen[id] = true, true
	}
}
