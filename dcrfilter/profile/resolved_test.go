package profile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// running are the ids of all rules that run for a profile.
func running(p *dcr.Profile) []string {
	var ids []string
	for _, one := range rule.All {
		if !one.Optional || slices.Contains(p.Rules, one.ID) {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// Whatever a shipped profile extends, it is what it was when each of them was written out: clients are registered by it.
// The files in testdata/resolved were written by the build that had them written out; they name all rules that run.
func TestShippedAreWhatTheyWere(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		resolved := *p
		resolved.Rules = running(p)
		have, err := json.MarshalIndent(resolved, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", "resolved", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if string(have)+"\n" != string(want) {
			t.Errorf("%s: have\n%s\nwant\n%s", name, have, want)
		}
	}
}

// The profile of a bank that was written when profiles named all rules is the same profile still.
func TestWholeListsOfRules(t *testing.T) {
	const old = "[scope, dictionary, issuer, software_id, audience, times, client_id, management, immutable, keys, client_name, auth_method, auth_signing_alg, tls_client_auth, response_types, redirect_uris]"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a list of all, which leaves ciba out", "extends: obie-3.3\nrules: " + old + "\n", []string{"client_name", "tls_client_auth"}},
		{"no list", "extends: obie-3.3\n", []string{"tls_client_auth", "ciba"}},
		{"an empty list", "extends: obie-3.3\nrules: []\n", []string{"tls_client_auth", "ciba"}},
		{"one more", "extends: obie-3.3\nrules: [client_name]\n", []string{"client_name", "tls_client_auth", "ciba"}},
		{"one that is there already", "extends: obie-3.3\nrules: [ciba]\n", []string{"tls_client_auth", "ciba"}},
		{"one less", "extends: obie-3.3\nwithout: {rules: [ciba]}\n", []string{"tls_client_auth"}},
		{"one more and one less", "extends: obie-3.3\nwithout: {rules: [ciba]}\nrules: [jarm]\n", []string{"tls_client_auth", "jarm"}},
		{"of a profile that extends another", "extends: obie-3.4\n", []string{"tls_client_auth", "ciba"}},
	} {
		p, err := parse(c.text + "name: ours\n")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !slices.Equal(p.Rules, c.want) {
			t.Errorf("%s: have %q, want %q", c.name, p.Rules, c.want)
		}
	}
}

func TestWithoutMembers(t *testing.T) {
	p, err := parse("extends: obie-3.2\nname: ours\nwithout: {members: [client_secret, client_secret_expires_at]}\nmembers:\n  tls_client_auth_dn: {type: string, in: both}\n")
	if err != nil {
		t.Fatal(err)
	}
	if p.Members["client_secret"] != nil || p.Members["client_id"] == nil || p.Members["tls_client_auth_dn"] == nil {
		t.Errorf("members are %v", p.Members)
	}
	if shipped, err := profile.Load("obie-3.2"); err != nil || shipped.Members["client_secret"] == nil {
		t.Errorf("the shipped profile has lost a member: %v", err)
	}
}
