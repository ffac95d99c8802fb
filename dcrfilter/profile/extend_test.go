package profile_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A bank's own profile says what differs, and has everything else of the one that it extends.
func TestExtend(t *testing.T) {
	extended, err := profile.Load("obie-3.3")
	if err != nil {
		t.Fatal(err)
	}
	own, err := parse(`
extends: obie-3.3
name: our-bank
request: {max_age: 5m}
clients: {duplicates: return-existing}
members:
  application_type: {type: string, in: both, required: true, values: [web]}
`)
	if err != nil {
		t.Fatal(err)
	}
	if own.Name != "our-bank" || own.Request != (dcr.RequestTimes{MaxAge: 5 * time.Minute, MaxLifetime: extended.Request.MaxLifetime}) {
		t.Errorf("got %s, %v", own.Name, own.Request)
	}
	if want := (dcr.ClientPolicy{Duplicates: dcr.ReturnExisting, DefaultScope: dcr.DefaultRegistered, Introspection: true, AssertionLifetime: 30 * time.Minute}); own.Clients != want {
		t.Errorf("got %+v, want %+v", own.Clients, want)
	}
	if len(own.Members) != len(extended.Members) || len(own.Members["application_type"].Values) != 1 || len(extended.Members["application_type"].Values) != 2 {
		t.Errorf("members %v", own.Members)
	}
	if !own.Members["iss"].Matches("oQ4KoaavpOuoE7rvQsZEOV") || own.Members["iss"].Matches("-") {
		t.Error("the pattern of a member of the other is not compiled")
	}
	if !reflect.DeepEqual(own.Rules, extended.Rules) || own.Standard != extended.Standard {
		t.Errorf("got %v", own)
	}
}

// What is wrong is told with its line, all at once.
func TestExtendRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing there", "extends: obie-9.9\nname: ours\n", "mine.yaml:1:10: error: extends: there is no obie-9.9; there are cdr-au, generic-0.1"},
		{"a file", "extends: ../obie-3.3\nname: ours\n", "1:10: error: extends: there is no"},
		{"no name of its own", "extends: obie-3.3\n", "name: the key name is missing: a name of its own, beside obie-3.3"},
		{"the same name", "extends: obie-3.3\nname: obie-3.3\n", "2:7: error: name: must be a name of its own"},
		{"an unknown key", "extends: obie-3.3\nname: ours\ncolour: red\n", "3:1: error: colour: there is no such key here"},
		{"an unknown policy", "extends: obie-3.3\nname: ours\nclients: {duplicates: keep}\n", "3:23: error: clients.duplicates: must be one of reject, return-existing, allow"},
		{"a rule that always runs", "extends: obie-3.3\nname: ours\nrules: [client_name, dictionary]\n",
			"3:22: error: rules[1]: dictionary always runs: delete it, for only optional rules are named here"},
		{"a rule that is not there to take away", "extends: obie-3.2\nname: ours\nwithout: {rules: [ciba]}\n", "3:19: error: without.rules[0]: the profile that this one extends does not have the rule ciba"},
		{"a rule that nobody can take away", "extends: obie-3.2\nname: ours\nwithout: {rules: [scope]}\n", "3:19: error: without.rules[0]: must be one of client_name,"},
		{"the rule of a method that is taken", "extends: obie-3.2\nname: ours\nwithout: {rules: [tls_client_auth]}\n", "rules: must name tls_client_auth, where token_endpoint_auth_method may be that"},
		{"a member that is not there to take away", "extends: obie-3.2\nname: ours\nwithout: {members: [tls_client_auth_dn]}\n", "3:21: error: without.members[0]: the profile that this one extends has no member tls_client_auth_dn"},
		{"a member that nobody can do without", "extends: obie-3.2\nname: ours\nwithout: {members: [jti]}\n", "members.jti: must be there: no registration is safe without it"},
		{"nothing to take away from", "name: ours\nwithout: {rules: [ciba]}\n", "2:19: error: without.rules[0]: the profile"},
		{"a member that says nothing", "extends: obie-3.3\nname: ours\nmembers:\n  scope:\n", "4:10: error: members.scope: has no value; it must be an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(c.text)
			if _, invalid := errors.AsType[yamlfile.Problems](err); !invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if _, err := profile.LoadFile(t.TempDir() + "/no.yaml"); err == nil {
		t.Error("a file that is not there was read")
	}
}
