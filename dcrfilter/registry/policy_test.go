package registry

import (
	"net/http"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
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

// A client whose record names what the version lacks is our fault, at every endpoint alike: not a token without scopes, and
// not an inactive one.
func TestOrphans(t *testing.T) {
	for name, lose := range map[string]func(v *config.Version){
		"profile obie-3.3": func(v *config.Version) {
			profile := *v.Profiles["obie-3.3"]
			profile.Name = "other"
			v.Profiles = map[string]*dcr.Profile{"other": &profile}
			for i := range v.File.Routes {
				if v.File.Routes[i].Profile != "" {
					v.File.Routes[i].Profile = "other"
				}
			}
		},
		"directory openbanking-uk": func(v *config.Version) {
			renamed := *v.Directories[0].Directory
			renamed.Name = "other"
			v.Directories = []*directory.Directory{{Directory: &renamed}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := newSoftware()
			id := w.register(s, nil)
			compact := w.newToken(id)
			lose(w.version)
			for what, got := range map[string]reply{
				"read": w.get(id), "token": w.form("token", id, "grant_type=client_credentials"), "introspection": w.form("introspect", id, "token="+compact),
			} {
				t.Run(what, func(t *testing.T) {
					w.in(t).want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "client.orphaned")
				})
			}
			if got := w.registry.Status().Orphans; got.Requests != 3 || !slices.Equal(got.Missing, []string{name}) {
				t.Errorf("the status says %+v", got)
			}
		})
	}
}
