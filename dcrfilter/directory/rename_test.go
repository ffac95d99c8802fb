package directory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
)

// What is required of a statement is required by the names that the file has for it, unless the file says what it requires.
func TestRequiredFollowsTheNames(t *testing.T) {
	ca := map[string][]byte{"ca.pem": authority(t, "ca", true)}
	const text = "extends: openbanking-uk\nname: mine\ncertificates: [{profile: obwac, ca: [ca.pem]}]\nmember_state: \"\"\nclaims: {software_id: app, org_status: \"\", authority: \"\"}\n"
	for _, c := range []struct{ name, text, want string }{
		{"renamed", text, "iss iat jti app software_redirect_uris software_roles software_jwks_endpoint org_id"},
		{"its own", text + "required: [app, iat]\n", "app iat"},
		{"none", text + "required: []\n", ""},
	} {
		loaded, err := directory.Load(write(t, c.text, ca))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !slices.Equal(loaded.Required, strings.Fields(c.want)) {
			t.Errorf("%s: required are %q, want %s", c.name, loaded.Required, c.want)
		}
	}
}
