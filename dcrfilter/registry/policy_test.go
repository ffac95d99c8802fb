package registry

import (
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// A market whose tokens say nothing of themselves: "Introspection of Access Tokens ... MUST NOT be supported".
func TestIntrospectionIsTheProfiles(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		w := newWorld(t, policies(func(p *dcr.ClientPolicy) { p.Introspection = allowed }))
		id := w.register(newSoftware(), nil)
		got := w.form("introspect", id, "token="+w.newToken(id))
		if got.status != http.StatusOK || got.json["active"] != allowed || (len(got.json) == 1) == allowed {
			t.Errorf("allowed is %v: got %d %s", allowed, got.status, got.body)
		}
	}
}

// A token that is asked for without a scope gets what the profile has for that.
func TestDefaultScopeIsTheProfiles(t *testing.T) {
	for policy, want := range map[string]any{dcr.DefaultRegistered: "accounts payments", dcr.DefaultNone: nil} {
		w := newWorld(t, policies(func(p *dcr.ClientPolicy) { p.DefaultScope = policy }))
		if got := w.form("token", w.register(newSoftware(), nil), "grant_type=client_credentials"); got.json["scope"] != want {
			t.Errorf("%s: got %d %s, want the scope %v", policy, got.status, got.body, want)
		}
	}
}

// Where nobody knows the client's profile any more, the least is allowed.
func TestPolicyOfAProfileThatHasGone(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	clear(w.registry.config.Profiles)
	if got := w.get(id); got.status != http.StatusServiceUnavailable {
		t.Errorf("a route without its profile: got %d %s", got.status, got.body)
	}
	if got := w.form("token", id, "grant_type=client_credentials"); got.status != http.StatusOK || got.json["scope"] != nil {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := w.form("introspect", id, "token="+w.newToken(id)); got.json["active"] != false {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
