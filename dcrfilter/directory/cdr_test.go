package directory_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func cdrRegister(t *testing.T) *dcr.Directory {
	t.Helper()
	shipped, err := directory.Shipped("cdr-register")
	if err != nil {
		t.Fatal(err)
	}
	return shipped
}

// cdrClaims are those of a statement of the register's, signed at now.
func cdrClaims() claims {
	return claims{
		"iss": "cdr-register", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "jti": "3bc205a1ebc943fbb624b14fcb241196",
		"legal_entity_id": "3B0B0A7B-3E7B-4A2C-9497-E357A71D07C7", "legal_entity_name": "Recipient Pty Ltd",
		"org_id": "3B0B0A7B-3E7B-4A2C-9497-E357A71D07C8", "org_name": "Recipient", "client_name": "Product", "client_description": "A product",
		"client_uri": "https://recipient.example/", "redirect_uris": []string{"https://recipient.example/a", "https://recipient.example/b"},
		"logo_uri": "https://recipient.example/logo.png", "jwks_uri": "https://keys.recipient.example/jwks",
		"revocation_uri": "https://recipient.example/revocation", "recipient_base_uri": "https://recipient.example/cdr",
		"software_id": "740C368F-ECF9-4D29-A2EA-0514A66B0CDE", "software_roles": "data-recipient-software-product",
		"scope": "openid profile common:customer.basic:read bank:accounts.basic:read cdr:registration",
	}
}

func TestCDRRegister(t *testing.T) {
	d := cdrRegister(t)
	if d.Issuer != "cdr-register" || d.JWKS != "https://api.cdr.gov.au/cdr-register/v1/jwks" || !slices.Equal(d.KeyHosts, []string{"*"}) ||
		!slices.Equal(d.Algorithms, []string{"PS256"}) || d.MaxAge != 10*time.Minute || !d.SingleUse || d.MemberState+d.Environment != "" {
		t.Errorf("got %+v", d)
	}
	s, err := directory.ReadStatement(d, object(t, cdrClaims()), "a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	if s.Software.Id != "740C368F-ECF9-4D29-A2EA-0514A66B0CDE" || s.Software.OrgId != "3B0B0A7B-3E7B-4A2C-9497-E357A71D07C8" ||
		!slices.Equal(s.Software.Roles, []string{"data-recipient-software-product"}) || len(s.Scopes) != 5 || s.Scopes[4] != "cdr:registration" ||
		s.Software.KeySets.Jwks != "https://keys.recipient.example/jwks" || s.Software.KeySets.RevokedJwks+s.Software.KeySets.OrgJwks+s.Software.KeySets.OrgRevokedJwks+s.OrgStatus != "" || len(s.RedirectURIs) != 2 {
		t.Errorf("got %+v", s)
	}
	for _, scope := range s.Scopes {
		if role, known := d.Scopes[scope]; !known || role != "" && role != s.Software.Roles[0] {
			t.Errorf("the register does not know %s", scope)
		}
	}
}

func TestCDRStatements(t *testing.T) {
	d := cdrRegister(t)
	type test struct {
		name   string
		change claims
		at     time.Duration // from the statement's iat
		want   string        // the rule that refuses
	}
	tests := []test{
		{"good", nil, 0, ""},
		{"good in its last second", nil, 10*time.Minute - time.Second, ""},
		{"ten minutes old", nil, 11 * time.Minute, "statement.times.iat"},
		{"issued for longer", claims{"exp": now.Add(time.Hour).Unix()}, 11 * time.Minute, "statement.times.iat"},
		{"expired", claims{"exp": now.Add(time.Minute).Unix()}, 2 * time.Minute, "statement.times.exp"},
		{"another role", claims{"software_roles": "data-holder"}, 0, "statement.roles"},
		{"of the UK", claims{"iss": "OpenBanking Ltd"}, 0, "statement.issuer"},
		{"scopes in an array", claims{"scope": []string{"openid"}}, 0, "statement.type"},
	}
	for _, name := range d.Required {
		if name != "iss" {
			tests = append(tests, test{"no " + name, claims{name: nil}, 0, "statement.missing"})
		}
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := cdrClaims()
			for name, value := range test.change {
				if c[name] = value; value == nil {
					delete(c, name)
				}
			}
			s, err := directory.ReadStatement(d, object(t, c), "a.b.c")
			if err == nil {
				err = rule.CheckStatement(d, s, now.Add(test.at))
			}
			var have string
			if refusal, ok := errors.AsType[*dcr.Error](err); ok {
				have = refusal.Rule
			} else if err != nil {
				t.Fatal(err)
			}
			if have != test.want {
				t.Errorf("got %q, want %q: %v", have, test.want, err)
			}
		})
	}
}
