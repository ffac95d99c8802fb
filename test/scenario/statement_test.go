package scenario

import (
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// ago is a time claim so long before now; in is one ahead.
func ago(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
func in(d time.Duration) int64  { return time.Now().Add(d).Unix() }

func authority(status string, states ...string) map[string]any {
	var authorisations []map[string]any
	for _, state := range states {
		authorisations = append(authorisations, map[string]any{"member_state": state, "roles": []string{"AISP", "PISP", "CBPII"}})
	}
	return map[string]any{"authority_id": "OBGBR", "registration_id": "1", "status": status, "authorisations": authorisations}
}

// Statements that the directory has signed, and that do not hold all the same.
func TestUnacceptableStatements(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	rows := []ssaAttack{
		{"expired", both(claim("iat", ago(time.Minute)), claim("exp", ago(time.Second))), unfit("statement.times.exp")},
		{"expires before it was issued", both(claim("iat", ago(0)), claim("exp", ago(time.Hour))), unfit("statement.times.exp")},
		{"31 minutes old", claim("iat", ago(31*time.Minute)), unfit("statement.times.iat")},
		{"from the future", claim("iat", in(5*time.Minute)), unfit("statement.times.iat")},
		{"iat in milliseconds", claim("iat", time.Now().UnixMilli()), unfit("statement.times.iat")},
		{"iat a string", claim("iat", "1700000000"), unfit("statement.times.iat")},
		{"iat negative", claim("iat", -1), unfit("statement.times.iat")},
		{"iat null", claim("iat", nil), unfit("statement.missing")},
		{"nbf in the future", claim("nbf", in(5*time.Minute)), unfit("statement.times.nbf")},
		{"exp a string", claim("exp", "never"), unfit("statement.times.exp")},

		{"a revoked organisation", claim("org_status", "Revoked"), unapproved("statement.status")},
		{"a withdrawn organisation", claim("org_status", "Withdrawn"), unapproved("statement.status")},
		{"a status that begins well", claim("org_status", "Active "), unapproved("statement.status")},
		{"withdrawn by its authority", claim("organisation_competent_authority_claims", authority("Withdrawn", "GB")), unapproved("statement.authority")},
		{"not authorised for our country", claim("organisation_competent_authority_claims", authority("Active", "FR")), unapproved("statement.authorised")},
		{"an authority of the wrong type", claim("organisation_competent_authority_claims", []string{}), unfit("statement.type")},
		{"an authority without a status", claim("organisation_competent_authority_claims", map[string]any{}), unfit("statement.authority_form")},
		{"a production statement", claim("software_environment", "production"), unapproved("statement.environment")},
		{"no environment", noClaim("software_environment"), unapproved("statement.environment")},
		{"no roles", claim("software_roles", []string{}), unapproved("statement.roles")},
		{"roles of a bank", claim("software_roles", []string{"ASPSP"}), unapproved("statement.roles")},
		{"a role that is not authorised", claim("software_roles", []string{"AISP", "ASPSP"}), unapproved("statement.authorised")},
		{"roles of the wrong type", claim("software_roles", []any{"AISP", 1}), unfit("statement.type")},
		{"redirect URIs of the wrong type", claim("software_redirect_uris", "https://a.example.com"), unfit("statement.type")},
		{"a number for software_id", claim("software_id", 1), unfit("statement.type")},
		{"another organisation's id", claim("org_id", "0015800001HQQrZAAX"), unfit("statement.certificate")},
		{"another software's id", claim("software_id", "4Y5JPbNtmxDcTzs7GzKpA1"), unfit("statement.certificate")},

		{"keys at a host that is not listed", claim("software_jwks_endpoint", "https://keys.example.com/a.jwks"), unapproved("keys.host")},
		{"keys without TLS", claim("software_jwks_endpoint", "http://127.0.0.1/a.jwks"), unapproved("keys.host")},
		{"keys in a file", claim("software_jwks_endpoint", "file:///etc/passwd"), unapproved("keys.host")},
		{"keys at a relative URL", claim("software_jwks_endpoint", "/a.jwks"), unapproved("keys.host")},
		{"revoked keys at a host that is not listed", claim("software_jwks_revoked_endpoint", "https://keys.example.com/a.jwks"), unapproved("keys.host")},
		{"revoked keys of the organisation there", claim("org_jwks_revoked_endpoint", "https://keys.example.com/a.jwks"), unapproved("keys.host")},
		{"another software's keys", claim("software_jwks_endpoint", newTPP(t).ssa(t).Claims["software_jwks_endpoint"]), unfit("statement.certificate")},
	}
	for _, name := range []string{
		"iat", "jti", "software_id", "software_redirect_uris", "software_roles", "software_jwks_endpoint", "org_id", "org_status",
	} {
		rows = append(rows, ssaAttack{"no " + name, noClaim(name), unfit("statement.missing")})
		rows = append(rows, ssaAttack{"empty " + name, claim(name, ""), unfit("statement.missing")})
	}
	refuseStatements(t, p, rows)
}

// The member of the request that holds the statement.
func TestStatementMember(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	const member = "software_statement"
	refuseAll(t, p, []attack{
		{"absent", noClaim(member), unfit("statement.missing")},
		{"null", claim(member, nil), unfit("statement.missing")},
		{"a number", claim(member, 1), unfit("statement.missing")},
		{"a list of one", claim(member, []string{p.StatementText}), unfit("statement.missing")},
		{"empty", claim(member, ""), unfit("statement.jws.compact")},
		{"not a JWT", claim(member, "a.b"), unfit("statement.jws.compact")},
		{"JSON", claim(member, map[string]string{"iss": "OpenBanking Ltd"}), unfit("statement.missing")},
		{"the request itself", func(r *harness.JWT) { r.Claims[member] = p.Request().Compact() }, unapproved("statement.issuer")},
		{"with a space behind it", claim(member, p.StatementText+" "), unfit("statement.jws.base64")},
	})
}

// What varies in the wild and is accepted.
func TestStatementsOfTheWild(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*harness.JWT)
	}{
		{"org_status in capitals", claim("org_status", "ACTIVE")},
		{"software_version a string", claim("software_version", "1.5")},
		{"no authority's claims", noClaim("organisation_competent_authority_claims")},
		{"an exp ahead", claim("exp", in(5*time.Minute))},
		{"28 minutes old", claim("iat", ago(28*time.Minute))},
		{"a clock 5 seconds ahead", claim("iat", in(5*time.Second))},
		{"another software_client_id", claim("software_client_id", "sgsMuc8ACBgBzinpr8oJ8B")},
		{"claims of tomorrow", claim("software_of_tomorrow", map[string]any{"a": []any{1, nil}})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			ssa := p.ssa(t)
			test.change(ssa)
			statement := ssa.Compact()
			c := p.register(t, claim("software_statement", statement))
			if c.document["software_statement"] != statement {
				t.Error("the statement is not returned as it was sent")
			}
		})
	}
}
