package registry

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
)

func TestToken(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	tests := []struct{ name, scope, want string }{
		{"all that need no user", "", "accounts payments"},
		{"empty", "&scope=", "accounts payments"},
		{"one", "&scope=payments", "payments"},
		{"two, one twice", "&scope=payments+accounts+payments", "payments accounts"},
		{"openid", "&scope=openid", "openid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.in(t).form("token", id, "grant_type=client_credentials"+test.scope)
			if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Pragma") != "no-cache" {
				t.Fatalf("got %d %v %s", got.status, got.header, got.body)
			}
			if len(got.json) != 4 || got.json["token_type"] != "Bearer" || got.json["expires_in"] != 300.0 || got.json["scope"] != test.want {
				t.Errorf("got %s, want the scope %q", got.body, test.want)
			}
			issued, err := w.edition.inspector.Inspect(t.Context(), got.json["access_token"].(string), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if issued.ClientID != id || issued.Software.GetId() != s.id || issued.Software.GetOrgId() != s.org || issued.Thumbprint != thumbprint ||
				issued.Generation != 1 || !slices.Equal(issued.Software.GetRoles(), []string{"AISP", "PISP"}) || strings.Join(issued.Scopes, " ") != test.want {
				t.Errorf("the token is %+v", issued)
			}
		})
	}
}

func TestTokenRefuses(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	without := w.register(newSoftware(), map[string]any{"grant_types": []string{"authorization_code"}})
	const good = "grant_type=client_credentials"
	tests := []struct {
		name, client, query, contentType, body string
		status                                 int
		code, rule                             string
	}{
		{"JSON", id, "", "application/json", `{}`, http.StatusUnsupportedMediaType, "unsupported_media_type", "form.content_type"},
		{"query", id, "?scope=accounts", formType, good, http.StatusBadRequest, "invalid_request", "form.query"},
		{"a parameter twice", id, "", formType, good + "&scope=accounts&scope=payments", http.StatusBadRequest, "invalid_request", "form.duplicate"},
		{"no grant type", id, "", formType, "grant_type=&scope=accounts", http.StatusBadRequest, "invalid_request", "grant_type.missing"},
		{"authorization_code", id, "", formType, "grant_type=authorization_code", http.StatusBadRequest, "unsupported_grant_type", "grant_type.supported"},
		{"not registered for it", without, "", formType, good + "&scope=accounts", http.StatusBadRequest, "unauthorized_client", "grant_type.registered"},
		{"scope not registered", id, "", formType, good + "&scope=accounts+fundsconfirmations", http.StatusBadRequest, "invalid_scope", "scope.registered"},
		{"scope with two spaces", id, "", formType, good + "&scope=accounts++payments", http.StatusBadRequest, "invalid_scope", "scope.registered"},
		{"scope in other case", id, "", formType, good + "&scope=Accounts", http.StatusBadRequest, "invalid_scope", "scope.registered"},
		{"client of no store", "x", "", formType, good, http.StatusUnauthorized, "invalid_client", "client.unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner := w.in(t)
			// All with one jti: a refused request burns none.
			got := inner.do(call{
				route: "token", method: "POST", target: "/token" + test.query, contentType: test.contentType, body: test.body,
				facts: authenticated(test.client, "one"),
			})
			inner.want(got, test.status, test.code, test.rule)
			if test.code == "invalid_client" && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), `Bearer realm="token"`) {
				t.Errorf("the challenge is %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
	request := call{route: "token", method: "POST", target: "/token", contentType: formType, body: good, facts: authenticated(id, "one")}
	if got := w.do(request); got.status != http.StatusOK {
		t.Errorf("the jti was burnt: %d %s", got.status, got.body)
	}
	w.want(w.do(request), http.StatusUnauthorized, "invalid_client", "jti.replay")
}

// A refused scope is named, and so are those that would do.
func TestRefusedScopesAreNamed(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	got := w.do(call{route: "token", method: "POST", target: "/token", contentType: formType,
		body: "grant_type=client_credentials&scope=accounts+fundsconfirmations+%22", facts: authenticated(id, "one")})
	want := "scope contains fundsconfirmations and 1 more, which the client is not registered for; it is registered for: openid, accounts, payments"
	if got.json["error_description"] != want {
		t.Errorf("got %s, want %q", got.body, want)
	}
}

func TestRevokeAndIntrospect(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	another := w.register(newSoftware(), nil)
	compact := w.newToken(id)
	active := w.form("introspect", id, "token="+compact)
	issued, err := w.edition.inspector.Inspect(t.Context(), compact, time.Now())
	w.must(err)
	for name, want := range map[string]any{
		"active": true, "client_id": id, "sub": id, "scope": "accounts payments", "token_type": "Bearer", "jti": issued.ID, "iss": issuer,
		"aud": audience, "iat": float64(issued.IssuedAt.Unix()), "exp": float64(issued.Expires.Unix()),
	} {
		if active.json[name] != want {
			t.Errorf("%s is %v, want %v", name, active.json[name], want)
		}
	}
	if bound, _ := active.json["cnf"].(map[string]any); bound["x5t#S256"] != thumbprint || len(active.json) != 11 {
		t.Errorf("got %s", active.body)
	}

	tests := []struct {
		name, client, form string
		want               string // what the owner is told of the good token afterwards
	}{
		{"garbage", id, "token=x", "true"},
		{"another client's token", another, "token=" + compact, "true"},
		{"spoilt signature", id, "token=" + compact[:len(compact)-4] + "AAAA", "true"},
		{"its own, with a wrong hint", id, "token_type_hint=refresh_token&token=" + compact, "false"},
		{"once more", id, "token=" + compact, "false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inner := w.in(t)
			if told := inner.form("introspect", test.client, test.form); test.client == another && strings.TrimSpace(told.body) != `{"active":false}` {
				t.Errorf("a stranger is told %s", told.body)
			}
			got := inner.form("revoke", test.client, test.form)
			if _, typed := got.header["Content-Type"]; got.status != http.StatusOK || got.body != "" || typed {
				t.Errorf("got %d %q %v, want 200 and nothing", got.status, got.body, got.header)
			}
			if told := inner.form("introspect", id, "token="+compact); !strings.HasPrefix(told.body, `{"active":`+test.want) {
				t.Errorf("afterwards the owner is told %s, want %s", told.body, test.want)
			}
		})
	}
}

func TestIntrospectSaysNothingOfADeadToken(t *testing.T) {
	w := newWorld(t)
	s := newSoftware()
	id := w.register(s, nil)
	old := token.NewIssuer(w.edition.ring, token.Identity{Issuer: issuer, Audience: audience, Lifetime: time.Minute}, nil, func() time.Time { return time.Now().Add(-time.Hour) })
	expired, _, err := old.Issue(t.Context(), token.Token{ClientID: id, Thumbprint: thumbprint, Generation: 1})
	w.must(err)
	compact := w.newToken(id)
	if got := w.put(s, id, "n", map[string]any{"grant_types": []string{"authorization_code"}}); got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	for name, dead := range map[string]string{"expired": expired, "of an earlier generation": compact, "garbage": "x.y.z"} {
		if got := w.form("introspect", id, "token="+dead); got.status != http.StatusOK || got.body != `{"active":false}` {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
}

func TestRevocationAndIntrospectionRefuse(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	for _, route := range []string{"revoke", "introspect"} {
		t.Run(route, func(t *testing.T) {
			inner := w.in(t)
			inner.want(inner.form(route, id, "token="), http.StatusBadRequest, "invalid_request", "token.missing")
			inner.want(inner.form(route, id, "token=a&token=b"), http.StatusBadRequest, "invalid_request", "form.duplicate")
			once := call{route: route, method: "POST", target: "/" + route, contentType: formType, body: "token=x", facts: authenticated(id, route)}
			if got := inner.do(once); got.status != http.StatusOK {
				t.Errorf("got %d %s", got.status, got.body)
			}
			inner.want(inner.do(once), http.StatusUnauthorized, "invalid_client", "jti.replay")
			inner.want(inner.form(route, "x", "token=x"), http.StatusUnauthorized, "invalid_client", "client.unknown")
		})
	}
}
