package rule_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// Where a standard says that order or repetition does not matter, it does not matter, and one form is registered.
func TestEqualIsEqual(t *testing.T) {
	for _, c := range []struct {
		name, member string
		change       claims
		want         string // registered
	}{
		{"response types in another order", "response_types", claims{"response_types": []string{"id_token code"}}, `["code id_token"]`},
		{"a response type twice", "response_types", claims{"response_types": []string{"code id_token", "id_token code", "code"}}, `["code id_token","code"]`},
		{"a grant twice", "grant_types", claims{"grant_types": []string{"authorization_code", "client_credentials", "authorization_code"}}, `["authorization_code","client_credentials"]`},
		{"a redirect URI twice", "redirect_uris", claims{"redirect_uris": []string{softwareURIs[0], softwareURIs[0]}}, `["` + softwareURIs[0] + `"]`},
		{"a scope twice", "scope", claims{"scope": "accounts openid accounts"}, `"accounts openid"`},
	} {
		r := registration(t, c.change)
		if got := verdict(t, rule.Check(r)); got != "" {
			t.Errorf("%s: %s", c.name, got)
		}
		registered, err := rule.Registered(&r.Asked)
		if err != nil || string(registered[c.member]) != c.want {
			t.Errorf("%s: registered %s (%v), want %s", c.name, registered[c.member], err, c.want)
		}
	}
}

// A scope may be granted by one of several roles, and a role be authorised in one of several countries.
func TestOneOfSeveral(t *testing.T) {
	for roles, want := range map[string]string{"CBPII, AISP": "", "AISP,CBPII": "", "CBPII, ASPSP": "scope.role /scope"} {
		r := registration(t, nil)
		r.Directory.Scopes = map[string]string{"openid": "", "accounts": roles}
		if got := verdict(t, rule.Check(r)); got != want {
			t.Errorf("accounts for %s: %q, want %q", roles, got, want)
		}
	}
}
