package dcr_test

import (
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

func TestMemberMatches(t *testing.T) {
	plain, uncompiled := &dcr.Member{}, &dcr.Member{Pattern: "^a*$"}
	compiled, broken := &dcr.Member{Pattern: "^a*$"}, &dcr.Member{Pattern: "^(a$"}
	if err := compiled.Compile(); err != nil {
		t.Fatal(err)
	}
	if err := broken.Compile(); err == nil {
		t.Error("a broken pattern compiled")
	}
	for _, c := range []struct {
		name   string
		member *dcr.Member
		value  string
		want   bool
	}{
		{"no pattern", plain, "b", true},
		{"compiled, in it", compiled, "aa", true},
		{"compiled, not in it", compiled, "ab", false},
		{"never compiled", uncompiled, "aa", false},
		{"broken", broken, "a", false},
	} {
		if got := c.member.Matches(c.value); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestProfileNames(t *testing.T) {
	profile := &dcr.Profile{Members: map[string]*dcr.Member{"dn": {As: "subject_dn"}, "scope": {}}}
	for name, known := range map[string]string{"dn": "subject_dn", "scope": "scope", "other": "other"} {
		if got := profile.As(name); got != known {
			t.Errorf("%s is as %s, want %s", name, got, known)
		}
		if got := profile.Named(known); got != name {
			t.Errorf("%s is named %s, want %s", known, got, name)
		}
	}
}

func TestStatementClaimsAs(t *testing.T) {
	uk := dcr.StatementClaims{SoftwareID: "software_id", OrgID: "org_id", OrgStatus: "org_status"}
	other := dcr.StatementClaims{SoftwareID: "app", OrgID: "org_id"}
	for name, want := range map[string]string{"software_id": "app", "org_id": "org_id", "org_status": "", "iss": "iss", "": ""} {
		if got := uk.As(&other, name); got != want {
			t.Errorf("%s is %q there, want %q", name, got, want)
		}
	}
}

func TestStatementClaimsNames(t *testing.T) {
	claims := dcr.StatementClaims{SoftwareID: "software_id", OrgRevokedJWKS: "org_revoked"}
	if got, want := claims.Names(), []string{"software_id", "org_revoked"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
