package scenario

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Redirect URIs that are in the software statement, signed by the directory, and must be refused all the same (rules
// A.3, G.2: "only the first is checked").
var badRedirects = []struct{ name, uri, rule string }{
	{"http", "http://a.example.com/callback", "https"},
	{"a scheme of an app", "com.example.app:/callback", "https"},
	{"no host", "https:///callback", "host"},
	{"no slashes", "https:a.example.com", "https"},
	{"https in capitals", "HTTPS://a.example.com/", "https"},
	{"localhost", "https://localhost/callback", "localhost"},
	{"localhost in capitals, with a port", "https://LOCALHOST:8443/callback", "localhost"},
	{"below localhost", "https://app.localhost/callback", "localhost"},
	{"loopback", "https://127.0.0.1/callback", "address"},
	{"loopback in short", "https://127.1/callback", "address"},
	{"loopback in hexadecimal", "https://0x7f000001/callback", "address"},
	{"loopback as IPv6", "https://[::1]/callback", "characters"},
	{"an IP address", "https://93.184.216.34/callback", "address"},
	{"a fragment", "https://a.example.com/callback#x", "fragment"},
	{"an empty fragment", "https://a.example.com/callback#", "fragment"},
	{"a wildcard", "https://*.example.com/callback", "wildcard"},
	{"a user", "https://good.example.com@evil.example.com/", "userinfo"},
	{"a homograph", "https://ex\u0430mple.com/", "characters"},
	{"a space behind it", "https://a.example.com/ ", "characters"},
	{"a backslash", `https://a.example.com\@evil.example.com/`, "characters"},
	{"a line break", "https://a.example.com/\r\nx", "characters"},
	{"port 0", "https://a.example.com:0/", "port"},
	{"a dot at the end of the host", "https://a.example.com./", "host"},
}

var goodRedirects = []string{"https://a.example.com/callback", "https://b.example.com/callback?x=1", "https://c.example.com:8443/"}

func TestRedirectURIs(t *testing.T) {
	t.Parallel()
	p := enrol(t, gateway, harness.Order{RedirectURIs: goodRedirects})
	const member = "redirect_uris"
	rows := []attack{
		{"none", claim(member, []string{}), redirect("dictionary.min_items")},
		{"text", claim(member, goodRedirects[0]), redirect("dictionary.type")},
		{"a number among them", claim(member, []any{goodRedirects[0], 1}), redirect("dictionary.type")},
		{"an empty one among them", claim(member, []any{goodRedirects[0], ""}), redirect("dictionary.length")},
		{"257 characters", claim(member, []any{fmt.Sprintf("https://a.example.com/%0235d", 0)}), redirect("dictionary.length")},
	}
	rows = append(rows, oneBad(member, goodRedirects, redirect("redirect_uris.statement"),
		"https://evil.example.com/callback", goodRedirects[0]+"/", goodRedirects[0]+"?x=1", "https://A.example.com/callback", "https://a.example.com",
		"https://a.example.com:443/callback", "https://a.example.com/Callback", "https://a.example.com/%63allback")...)
	for _, bad := range badRedirects {
		for at := range len(goodRedirects) + 1 {
			uris := slices.Insert(slices.Clone(goodRedirects), at, bad.uri)
			ssa := p.ssa(t)
			ssa.Claims["software_redirect_uris"] = uris
			rows = append(rows, attack{fmt.Sprintf("%s at %d", bad.name, at), func(j *harness.JWT) {
				j.Claims["software_statement"] = ssa.Compact()
				j.Claims[member] = uris
				if at == 0 { // all that the statement has is asked for
					delete(j.Claims, member)
				}
			}, redirect("redirect_uris." + bad.rule)})
		}
	}
	refuseAll(t, p, rows)
}

// A subset is registered as it was asked, in its order; what is left out asks for all that the statement has.
func TestRedirectURIsAreKept(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*harness.JWT)
		want   []string
	}{
		"a subset":     {claim("redirect_uris", []string{goodRedirects[2], goodRedirects[0]}), []string{goodRedirects[2], goodRedirects[0]}},
		"left out":     {noClaim("redirect_uris"), goodRedirects},
		"all, in turn": {claim("redirect_uris", goodRedirects), goodRedirects},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := enrol(t, gateway, harness.Order{RedirectURIs: goodRedirects}).register(t, test.change)
			if got := c.document["redirect_uris"]; fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
