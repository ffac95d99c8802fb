package rule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// badURIs are redirect URIs no client may have, each with the rule that says so.
var badURIs = []struct{ uri, want string }{
	{"http://tpp.example/callback", "https"},
	{"HTTPS://tpp.example/callback", "https"},
	{"https:tpp.example", "https"},
	{"https:/tpp.example", "https"},
	{"com.tpp.app:/callback", "https"},
	{"javascript:alert(1)//https://tpp.example", "https"},
	{"//tpp.example/", "https"},
	{"/callback", "https"},
	{"tpp.example", "https"},
	{"https://", "host"},
	{"https:///callback", "host"},
	{"https://?x=1", "host"},
	{"https://:443/", "host"},
	{"https://tpp.example./", "host"},
	{"https://tpp..example/", "host"},
	{"https://.tpp.example/", "host"},
	{"https://-tpp.example/", "host"},
	{"https://tpp-.example/", "host"},
	{"https://tpp%2eexample/", "host"},
	{"https://tpp%E4.example/", "host"},
	{"https://tpp.example,evil.example/", "host"},
	{"https://" + strings.Repeat("a", 64) + ".example/", "host"},
	{"https://localhost/", "localhost"},
	{"https://LOCALHOST:8443/", "localhost"},
	{"https://app.localhost/", "localhost"},
	{"https://localhost.localdomain/", "localhost"},
	{"https://localhost./", "host"},
	{"https://127.0.0.1/", "address"},
	{"https://127.1/", "address"},
	{"https://2130706433/", "address"},
	{"https://0x7f000001/", "address"},
	{"https://127.0.0.0x1/", "address"},
	{"https://0X7F.1/", "address"},
	{"https://0x/", "address"},
	{"https://017700000001/", "address"},
	{"https://93.184.216.34/", "address"},
	{"https://[::1]/", "characters"},
	{"https://[2001:db8::1]:443/", "characters"},
	{"https://user@tpp.example/", "userinfo"},
	{"https://user:password@tpp.example/", "userinfo"},
	{"https://tpp.example@evil.example/", "userinfo"},
	{"https://@tpp.example/", "userinfo"},
	{"https://tpp.example/#fragment", "fragment"},
	{"https://tpp.example/#", "fragment"},
	{"https://*.tpp.example/", "wildcard"},
	{"https://tpp.example/*", "wildcard"},
	{" https://tpp.example/", "characters"},
	{"https://tpp.example/ ", "characters"},
	{"https://tpp.example/a b", "characters"},
	{"https://tpp.example/\t", "characters"},
	{"https://tpp.exa\nmple/", "characters"},
	{"https://tpp.example/\x00", "characters"},
	{"https://tpp.example\\@evil.example/", "characters"},
	{"https:\\\\tpp.example/", "characters"},
	{"https://täpp.example/", "characters"},
	{"https://tpp.example/ü", "characters"},
	{"https://tpp.example/<script>", "characters"},
	{"https://tpp.example:/", "port"},
	{"https://tpp.example:0/", "port"},
	{"https://tpp.example:65536/", "port"},
	{"https://tpp.example:0443/", "port"},
	{"https://tpp.example:+443/", "port"},
	{"https://tpp.example:443:443/", "port"},
	{"https://tpp.example:https/", "port"},
	{"https://tpp.example/%", "form"},
	{"https://tpp.example/%zz", "form"},
}

// A URI that is wrong in itself is refused, although the software statement has it.
func TestBadRedirectURIs(t *testing.T) {
	for _, bad := range badURIs {
		r := registration(t, claims{"redirect_uris": []string{bad.uri}})
		r.Statement.RedirectURIs = []string{bad.uri}
		if got, want := verdict(t, rule.Check(r)), "redirect_uris."+bad.want+" /redirect_uris/0"; got != want {
			t.Errorf("%q: got %q, want %q", bad.uri, got, want)
		}
	}
}

func TestGoodRedirectURIs(t *testing.T) {
	for _, uri := range []string{
		"https://tpp.example", "https://tpp.example/", "https://tpp.example?x=1", "https://tpp.example:8443/a/b;c=d?e=f%20g&h=https://x@y",
		"https://TPP.Example/", "https://xn--tpp-qla.example/", "https://a_b.tpp.example/", "https://1.2.3.example/", "https://mylocalhost.example/",
		"https://tpp.example:65535/", "https://localhost.tpp.example/", "https://tpp/", "https://tpp.example/" + strings.Repeat("a", 236),
	} {
		r := registration(t, claims{"redirect_uris": []string{uri}})
		r.Statement.RedirectURIs = []string{uri}
		if got := verdict(t, rule.Check(r)); got != "" {
			t.Errorf("%q: got %q", uri, got)
		}
	}
}

func TestRedirectURIsAndStatement(t *testing.T) {
	long := "https://tpp.example/" + strings.Repeat("a", 237)
	runRequests(t, []requestCase{
		{"all of them", claims{"redirect_uris": softwareURIs}, ""},
		{"in another order", claims{"redirect_uris": []string{softwareURIs[2], softwareURIs[0]}}, ""},
		{"left out", claims{"redirect_uris": nil}, ""},
		{"not in the statement", claims{"redirect_uris": []string{"https://evil.example/"}}, "redirect_uris.statement /redirect_uris/0"},
		{"a slash more", claims{"redirect_uris": []string{softwareURIs[0] + "/"}}, "redirect_uris.statement /redirect_uris/0"},
		{"in another case", claims{"redirect_uris": []string{"https://TPP.example/callback"}}, "redirect_uris.statement /redirect_uris/0"},
		{"with the default port", claims{"redirect_uris": []string{"https://tpp.example:443/callback"}}, "redirect_uris.statement /redirect_uris/0"},
		{"a prefix", claims{"redirect_uris": []string{"https://tpp.example/call"}}, "redirect_uris.statement /redirect_uris/0"},
		{"twice", claims{"redirect_uris": []string{softwareURIs[0], softwareURIs[1], softwareURIs[0]}}, ""},
		{"too long", claims{"redirect_uris": []string{long}}, "dictionary.length /redirect_uris/0"},
	})
}

// What is left out means all of the statement's, which are checked like any other.
func TestRedirectURIsLeftOut(t *testing.T) {
	for _, c := range []struct {
		name string
		uris []string
		want string
	}{
		{"one of the statement's is not https", []string{softwareURIs[0], "http://tpp.example/"}, "redirect_uris.https /software_statement"},
		{"the statement has none", nil, "redirect_uris.empty /redirect_uris"},
		{"one of the statement's is too long", []string{"https://tpp.example/" + strings.Repeat("a", 237)}, "redirect_uris.length /software_statement"},
	} {
		r := registration(t, claims{"redirect_uris": nil})
		r.Statement.RedirectURIs = c.uris
		err := rule.Check(r)
		if got := verdict(t, err); got != c.want || dcr.AsRefusal(err).Class != dcr.InvalidRedirectURI {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Property: among any number of good ones, in any order, one bad one is refused and pointed at.
func TestOneBadRedirectURIAmongGood(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, bad := range badURIs {
		good := slices.Clone(softwareURIs[:1+random.IntN(len(softwareURIs))])
		random.Shuffle(len(good), func(i, j int) { good[i], good[j] = good[j], good[i] })
		for i, uris := range withEach(good, bad.uri) {
			r := registration(t, claims{"redirect_uris": uris})
			r.Statement.RedirectURIs = append(slices.Clone(softwareURIs), bad.uri)
			if got, want := verdict(t, rule.Check(r)), fmt.Sprintf("redirect_uris.%s /redirect_uris/%d", bad.want, i); got != want {
				t.Errorf("%q: got %q, want %q", uris, got, want)
			}
		}
	}
}
