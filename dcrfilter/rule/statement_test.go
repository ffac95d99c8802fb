package rule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

const authority = "organisation_competent_authority_claims"

// authorityClaims are those of a good statement, changed.
func authorityClaims(change claims) claims {
	good, _ := statementClaims()[authority].(claims)
	return good.with(change)
}

func TestCheckStatement(t *testing.T) {
	invalid, unapproved := dcr.InvalidSoftwareStatement, dcr.UnapprovedSoftwareStatement
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, c := range []struct {
		name   string
		change claims
		want   string
		code   dcr.Class
	}{
		{name: "good"},
		{"iat 10 s ahead", claims{"iat": at(10 * time.Second)}, "", dcr.Class{}},
		{"iat 11 s ahead", claims{"iat": at(11 * time.Second)}, "times.iat", invalid},
		{"30 minutes old", claims{"iat": at(-30 * time.Minute)}, "", dcr.Class{}},
		{"30 minutes and a second old", claims{"iat": at(-30*time.Minute - time.Second)}, "times.iat", invalid},
		{"exp in a second", claims{"exp": at(time.Second)}, "", dcr.Class{}},
		{"exp now", claims{"exp": at(0)}, "times.exp", invalid},
		{"exp before iat", claims{"iat": at(9 * time.Second), "exp": at(8 * time.Second)}, "times.exp", invalid},
		{"exp in years", claims{"exp": 2147483646}, "", dcr.Class{}},
		{"nbf 10 s ahead", claims{"nbf": at(10 * time.Second)}, "", dcr.Class{}},
		{"nbf 11 s ahead", claims{"nbf": at(11 * time.Second)}, "times.nbf", invalid},
		{"status in capitals", claims{"org_status": "ACTIVE"}, "", dcr.Class{}},
		{"withdrawn", claims{"org_status": "Withdrawn"}, "status", unapproved},
		{"revoked", claims{"org_status": "Revoked"}, "status", unapproved},
		{"inactive", claims{"org_status": "Inactive"}, "status", unapproved},
		{"production", claims{"software_environment": "production"}, "environment", unapproved},
		{"no environment", claims{"software_environment": nil}, "environment", unapproved},
		{"environment in capitals", claims{"software_environment": "Sandbox"}, "", dcr.Class{}},
		{"no authority", claims{authority: nil}, "", dcr.Class{}},
		{"authority not active", claims{authority: authorityClaims(claims{"status": "Revoked"})}, "authority", unapproved},
		{"role the authority does not give", claims{"software_roles": []string{"AISP", "CBPII"}}, "authorised", unapproved},
		{"role the authority gives elsewhere", claims{authority: authorityClaims(claims{"authorisations": []claims{{"member_state": "IE", "roles": []string{"AISP", "PISP"}}}})}, "authorised", unapproved},
		{"no authorisations", claims{authority: authorityClaims(claims{"authorisations": nil})}, "authorised", unapproved},
		{"a bank's software", claims{"software_roles": []string{"ASPSP"}}, "roles authorised", unapproved},
		{"no roles", claims{"software_roles": []string{}}, "roles", unapproved},
		{"one role as a string", claims{"software_roles": "AISP"}, "", dcr.Class{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := rule.CheckStatement(sandbox(t), readStatement(t, statementClaims().with(c.change)), now)
			var findings []string
			for _, finding := range strings.Fields(c.want) {
				findings = append(findings, "statement."+finding+" /software_statement")
			}
			if got, want := verdict(t, err), strings.Join(findings, ", "); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
			if err != nil && dcr.AsRefusal(err).Class != c.code {
				t.Errorf("got %s, want %s", dcr.AsRefusal(err).Code, c.code.Code)
			}
		})
	}
}

// What a directory's statements do not have is not asked.
func TestCheckStatementOfAPlainDirectory(t *testing.T) {
	plain := sandbox(t)
	plain.Claims.OrgStatus, plain.Claims.Authority, plain.Environment, plain.MemberState = "", "", "", ""
	plain.Scopes = map[string]string{"openid": ""}
	statement := readStatement(t, statementClaims().with(claims{"software_roles": []string{"other"}}))
	statement.OrgStatus, statement.AuthorityState = "", ""
	if err := rule.CheckStatement(plain, statement, now); err != nil {
		t.Error(err)
	}
}

func TestCheckStatementFailsClosed(t *testing.T) {
	d, s := sandbox(t), readStatement(t, statementClaims())
	for name, check := range map[string]error{
		"no directory":      rule.CheckStatement(nil, s, now),
		"no statement":      rule.CheckStatement(d, nil, now),
		"zero statement":    rule.CheckStatement(d, &dcr.Statement{}, now),
		"no time":           rule.CheckStatement(d, s, time.Time{}),
		"another directory": rule.CheckStatement(&dcr.Directory{Name: "other", MaxAge: time.Hour}, s, now),
	} {
		if check == nil || dcr.AsRefusal(check).Status != 503 {
			t.Errorf("%s: got %v", name, check)
		}
	}
}
