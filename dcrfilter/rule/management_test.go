package rule_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  claims
		current func(*dcr.Current)
		want    string
	}{
		{name: "without client_id"},
		{name: "the client's client_id", change: claims{"client_id": "a-client"}},
		{name: "another client_id", change: claims{"client_id": "A-client"}, want: "client_id /client_id"},
		{name: "client_id of the wrong type", change: claims{"client_id": []string{"a-client"}}, want: "client_id /client_id"},
		{name: "registration_access_token", change: claims{"registration_access_token": "x"}, want: "management /registration_access_token"},
		{name: "registration_client_uri", change: claims{"registration_client_uri": ""}, want: "management /registration_client_uri"},
		{name: "client_secret_expires_at", change: claims{"client_secret_expires_at": 0}, want: "management /client_secret_expires_at"},
		{name: "client_id_issued_at", change: claims{"client_id_issued_at": 1}, want: "management /client_id_issued_at"},
		{name: "client_secret", change: claims{"client_secret": "x"}, want: "management /client_secret"},
		{name: "of another directory", current: func(c *dcr.Current) { c.Software.Directory = "x" }, want: "immutable.directory /software_statement"},
		{name: "of another software", current: func(c *dcr.Current) { c.Software.Id = "x" }, want: "immutable.software_id /software_statement"},
		{name: "of another organisation", current: func(c *dcr.Current) { c.Software.OrgId = "x" }, want: "immutable.org_id /software_statement"},
		{name: "of a record without organisation", current: func(c *dcr.Current) { c.Software.OrgId = "" }, want: "immutable.org_id /software_statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := update(registration(t, c.change))
			if c.current != nil {
				c.current(r.Current)
			}
			err := rule.Check(r)
			if got := verdict(t, err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.current != nil && dcr.AsRefusal(err).Class != dcr.InvalidSoftwareStatement {
				t.Errorf("got %s", dcr.AsRefusal(err).Code)
			}
		})
	}
}

// An update has the protection of the client's own profile, whatever profile it is sent under.
func TestUpdateIsProtected(t *testing.T) {
	load := func(name string) *dcr.Profile {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	const byKey, byName = "private_key_jwt", "tls_client_auth"
	for _, c := range []struct{ own, by, method, want string }{
		{"obie-3.3", "is-json", byKey, "immutable.signature"},
		{"obie-3.3", "is-json", byName, "immutable.signature"},
		{"cdr-au", "is-json", byKey, "immutable.signature"},
		{"cdr-au", "generic-0.1", byName, "immutable.auth_method /token_endpoint_auth_method"},
		{"cdr-au", "generic-0.1", byKey, ""},
		{"is-json", "is-json", byName, ""},
		{"is-json", "obie-3.3", byName, ""},
		{"obie-3.1", "obie-3.4", byName, ""},
	} {
		if got := strings.TrimSpace(verdict(t, rule.CheckUpdate(load(c.own), load(c.by), c.method))); got != c.want {
			t.Errorf("client of %s, %s under %s: %q, want %q", c.own, c.method, c.by, got, c.want)
		}
	}
	for _, c := range []struct {
		own, scope string
		may        bool
	}{{"cdr-au", "cdr:registration", true}, {"cdr-au", "bank:accounts.basic:read", false}, {"cdr-au", "", false}, {"obie-3.3", "", true}} {
		if err := rule.CheckManagement(load(c.own), []string{c.scope}); (err == nil) != c.may {
			t.Errorf("client of %s, scope %q: %v", c.own, c.scope, err)
		}
	}
	r := update(registration(t, nil))
	r.Current.Profile = load("cdr-au")
	r.Request["token_endpoint_auth_method"], r.Request["tls_client_auth_subject_dn"] = json.RawMessage(`"tls_client_auth"`), json.RawMessage(`"CN=x"`)
	if got := verdict(t, rule.Check(r)); !strings.Contains(got, "immutable.auth_method") {
		t.Errorf("got %q, want immutable.auth_method", got)
	}
	r.Current.Profile = nil
	if _, refused := errors.AsType[*dcr.Error](rule.Check(r)); refused || rule.Check(r) == nil {
		t.Errorf("a client without a profile: %v, want a fault of ours", rule.Check(r))
	}
}
