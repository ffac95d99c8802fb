package tpp

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

func TestDifferencesAreOfFaultsAndProfiles(t *testing.T) {
	for profile, faults := range differences {
		if !slices.Contains(dcrclient.Profiles(), profile) {
			t.Errorf("there is no profile %s", profile)
		}
		for name, d := range faults {
			if err := knownFault(name); err != nil {
				t.Error(err)
			}
			if (d.not == "") == (d.rules == nil) {
				t.Errorf("%s under %s: want rules, or why it is none", name, profile)
			}
		}
	}
}

func TestFaultsOfAProfile(t *testing.T) {
	b, dir := breakable(t)
	b.abroad(dir)
	for _, c := range []struct{ name, profile, want string }{
		{"wrong-alg", "is-json", "wrong-alg is not a fault under is-json: its requests are not signed"},
		{"foreign-certificate", "cdr-au", "foreign-certificate is not a fault under cdr-au: a certificate of the CDR's CA names no software"},
		{"too-many-scopes", "cdr-au", "its requests have no scope"},
	} {
		o := b.tool("register", "--world", dir, "--profile", c.profile, "--break", c.name)
		if o.code != 2 || !strings.Contains(o.stderr, c.want) || b.count != 0 {
			t.Errorf("%+v, want %q", o, c.want)
		}
	}
	if o := b.tool("register", "--world", dir, "--profile", "cdr-au", "--break", "foreign-software"); o.code != 1 || !strings.Contains(o.stderr, "to be refused by request.signature") {
		t.Errorf("%+v", o)
	}
	o := b.tool("register", "--profile", "cdr-au", "--break", "list")
	if o.code != 0 || !strings.Contains(o.stdout, "(not under cdr-au: its requests have no scope") || !strings.Contains(o.stdout, "(times.exp)") {
		t.Errorf("%+v", o)
	}
}

func TestAPlainRequestIsBroken(t *testing.T) {
	b, dir := breakable(t)
	b.abroad(dir)
	if o := b.tool("register", "--world", dir, "--profile", "is-json", "--break", "wrong-audience"); o.code != 1 {
		t.Fatalf("%+v", o)
	}
	var body struct{ Aud, Iss string }
	if err := json.Unmarshal(b.body, &body); err != nil || body.Aud != "another-bank" || body.Iss == "" || b.asked.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %+v", err, body)
	}
}
