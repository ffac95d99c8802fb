package rule_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

// Every cell of scope and role.
func TestScopeNeedsItsRole(t *testing.T) {
	roles := []string{"AISP", "PISP", "CBPII", "ASPSP"}
	needs := map[string]string{"openid": "", "accounts": "AISP", "payments": "PISP", "fundsconfirmations": "CBPII"}
	for token, role := range needs {
		for set := range 1 << len(roles) {
			var held []string
			for i, role := range roles {
				if set&(1<<i) != 0 {
					held = append(held, role)
				}
			}
			r := registration(t, claims{"scope": token})
			r.Statement.Software.Roles = held
			want := "scope.role /scope"
			if role == "" || slices.Contains(held, role) {
				want = ""
			}
			if got := verdict(t, rule.Check(r)); got != want {
				t.Errorf("%s with roles %v: got %q, want %q", token, held, got, want)
			}
		}
	}
}

func TestScope(t *testing.T) {
	runRequests(t, []requestCase{
		{"all that the roles allow", claims{"scope": "payments accounts openid"}, ""},
		{"one twice", claims{"scope": "openid accounts openid"}, ""},
		{"xaccountsx is not accounts", claims{"scope": "xaccountsx"}, "scope.unknown /scope"},
		{"Accounts is not accounts", claims{"scope": "Accounts"}, "scope.unknown /scope"},
		{"fundsconformations", claims{"scope": "fundsconformations"}, "scope.unknown /scope"},
		{"of a role not held", claims{"scope": "fundsconfirmations"}, "scope.role /scope"},
		{"empty", claims{"scope": ""}, "dictionary.length /scope"},
		{"a space", claims{"scope": " "}, "scope.form /scope"},
		{"space before", claims{"scope": " openid"}, "scope.form /scope"},
		{"space after", claims{"scope": "openid "}, "scope.form /scope"},
		{"two spaces", claims{"scope": "openid  accounts"}, "scope.form /scope"},
		{"tab", claims{"scope": "openid\taccounts"}, "scope.form /scope"},
		{"newline", claims{"scope": "openid\naccounts"}, "scope.form /scope"},
		{"comma", claims{"scope": "openid,accounts"}, "scope.unknown /scope"},
		{"quote", claims{"scope": `openid "accounts"`}, "scope.form /scope"},
		{"not ASCII", claims{"scope": "openid accounts\u00a0payments"}, "scope.form /scope"},
		{"array", claims{"scope": []string{"openid"}}, "dictionary.type /scope"},
	})
}

// TestScopeRefusalsNameTheValue: the sentence has the values at fault and what would do.
func TestScopeRefusalsNameTheValue(t *testing.T) {
	for _, c := range []struct{ scope, want string }{
		{"openid acounts", "scope contains acounts, which this server does not know; the software product may have: accounts, openid, payments"},
		{"a b b a", "scope contains a, b, which this server does not know; the software product may have: accounts, openid, payments"},
		{"openid fundsconfirmations", "scope contains fundsconfirmations, which the roles of the software statement do not allow; " +
			"the software product may have: accounts, openid, payments"},
		{strings.Repeat("x", 65), "scope contains 1 value, which this server does not know; the software product may have: accounts, openid, payments"},
		{"a b c d e f " + strings.Repeat("x", 65), "scope contains a, b, c, d, e and 2 more, which this server does not know; the software product may have: accounts, openid, payments"},
	} {
		refusal := dcr.AsRefusal(rule.Check(registration(t, claims{"scope": c.scope})))
		if refusal.Because != c.want {
			t.Errorf("%s: got %q, want %q", c.scope, refusal.Because, c.want)
		}
	}
}

// Property: one bad token among good ones is refused wherever it stands.
func TestOneBadScopeAmongGood(t *testing.T) {
	for bad, want := range map[string]string{"fundsconfirmations": "scope.role /scope", "admin": "scope.unknown /scope", "": "scope.form /scope"} {
		for _, tokens := range withEach([]string{"openid", "accounts", "payments"}, bad) {
			if got := verdict(t, rule.Check(registration(t, claims{"scope": strings.Join(tokens, " ")}))); got != want {
				t.Errorf("%q: got %q, want %q", tokens, got, want)
			}
		}
	}
}
