package directory_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

type claims = map[string]any

const authorityName = "organisation_competent_authority_claims"

func goodClaims() claims {
	return claims{
		"iss": "OpenBanking Ltd", "iat": 1000, "jti": "36b5dfe0205c4060", "software_environment": "sandbox", "software_id": "soft", "org_id": "org",
		"software_redirect_uris": []string{"https://tpp.example/"}, "software_roles": []string{"AISP"}, "org_status": "Active",
		"software_jwks_endpoint": "https://keys.example/soft.jwks", "software_jwks_revoked_endpoint": "https://keys.example/revoked/soft.jwks",
		"org_jwks_endpoint": "https://keys.example/org.jwks", "org_jwks_revoked_endpoint": "https://keys.example/revoked/org.jwks",
		authorityName: claims{
			"registration_id": "123 456", "status": "Active",
			"authorisations": []claims{{"member_state": "GB", "roles": []string{"AISP"}}, {"member_state": "IE", "roles": []string{"PISP"}}, {"member_state": "GB", "roles": []string{"CBPII"}}},
		},
	}
}

func object(t *testing.T, c claims) strictjson.Object {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := strictjson.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func uk(t *testing.T) *dcr.Directory {
	t.Helper()
	shipped, err := directory.Shipped("openbanking-uk")
	if err != nil {
		t.Fatal(err)
	}
	return shipped
}

func TestReadStatement(t *testing.T) {
	all := object(t, goodClaims())
	got, err := directory.ReadStatement(uk(t), all, "a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	want := &dcr.Statement{
		Raw: "a.b.c", Claims: all, ID: "36b5dfe0205c4060", IssuedAt: time.Unix(1000, 0),
		Software: &dcr.Software{
			Directory: "openbanking-uk", Id: "soft", OrgId: "org", AuthorisationNumber: "123 456", Roles: []string{"AISP"},
			KeySets: &dcr.KeySets{
				Jwks: "https://keys.example/soft.jwks", RevokedJwks: "https://keys.example/revoked/soft.jwks",
				OrgJwks: "https://keys.example/org.jwks", OrgRevokedJwks: "https://keys.example/revoked/org.jwks",
			},
		},
		OrgStatus: "Active", AuthorityState: "Active", AuthorisedFor: []string{"AISP", "CBPII"}, Environments: []string{"sandbox"},
		RedirectURIs: []string{"https://tpp.example/"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What the UK's statements may leave out.
func TestReadStatementWithoutOptionalClaims(t *testing.T) {
	c := goodClaims()
	for _, name := range []string{authorityName, "software_environment", "software_jwks_revoked_endpoint", "org_jwks_endpoint", "org_jwks_revoked_endpoint"} {
		delete(c, name)
	}
	c["nbf"], c["exp"], c["software_roles"] = 1001, 2000, "AISP"
	got, err := directory.ReadStatement(uk(t), object(t, c), "a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	if got.Software.AuthorisationNumber+got.AuthorityState+strings.Join(got.Environments, "")+got.Software.KeySets.RevokedJwks+got.Software.KeySets.OrgJwks+got.Software.KeySets.OrgRevokedJwks != "" || got.AuthorisedFor != nil {
		t.Errorf("got %+v", got)
	}
	if !got.NotBefore.Equal(time.Unix(1001, 0)) || !got.Expires.Equal(time.Unix(2000, 0)) || !reflect.DeepEqual(got.Software.Roles, []string{"AISP"}) {
		t.Errorf("got %+v", got)
	}
}

func TestReadStatementRefuses(t *testing.T) {
	type change struct {
		name  string
		value any
		rule  string
		in    string // a word of the sentence: the claim's name
	}
	changes := []change{
		{"iss", "openbanking ltd", "issuer", "iss"}, {"iss", nil, "issuer", "iss"}, {"iss", 1, "issuer", "iss"},
		{"iat", "1000", "times.iat", "iat"}, {"iat", 1795262400000, "times.iat", "iat"}, {"exp", "never", "times.exp", "exp"}, {"nbf", "1.5", "times.nbf", "nbf"},
		{"jti", 7, "type", "jti"}, {"jti", "", "missing", "jti"}, {"jti", strings.Repeat("j", 129), "form", "jti"}, {"software_id", "a\nb", "form", "software_id"},
		{"jti", " ", "form", "jti"}, {"jti", "a\x7f", "form", "jti"}, {"software_id", "   ", "form", "software_id"},
		{"software_id", []string{"soft"}, "type", "software_id"}, {"org_id", "orgé", "form", "org_id"}, {"org_status", true, "type", "org_status"},
		{"software_redirect_uris", "https://tpp.example/", "type", "software_redirect_uris"}, {"software_redirect_uris", []any{1}, "type", "software_redirect_uris"},
		{"software_roles", claims{}, "type", "software_roles"}, {"software_roles", []any{"AISP", nil}, "type", "software_roles"},
		{"software_jwks_endpoint", claims{}, "type", "software_jwks_endpoint"}, {"software_jwks_revoked_endpoint", json.RawMessage("null"), "type", "software_jwks_revoked_endpoint"},
		{"org_jwks_endpoint", 1, "type", "org_jwks_endpoint"}, {"software_environment", 1, "type", "software_environment"},
		{authorityName, []any{}, "type", authorityName}, {authorityName, claims{}, "authority_form", authorityName},
		{authorityName, claims{"status": 1}, "authority_form", authorityName}, {authorityName, claims{"status": "Active", "registration_id": 123456}, "authority_form", authorityName},
		{authorityName, claims{"status": "Active", "authorisations": "GB"}, "authority_form", authorityName},
		{authorityName, claims{"status": "Active", "authorisations": []claims{{"roles": []string{}}}}, "authority_form", authorityName},
		{authorityName, claims{"status": "Active", "authorisations": []claims{{"member_state": "GB", "roles": "AISP"}}}, "authority_form", authorityName},
	}
	for _, name := range uk(t).Required {
		if name != "iss" {
			changes = append(changes, change{name, nil, "missing", name}, change{name, json.RawMessage("null"), "missing", name})
		}
	}
	for _, c := range changes {
		changed := maps.Clone(goodClaims())
		if changed[c.name] = c.value; c.value == nil {
			delete(changed, c.name)
		}
		_, err := directory.ReadStatement(uk(t), object(t, changed), "a.b.c")
		refusal, ok := errors.AsType[*dcr.Error](err)
		if !ok {
			t.Errorf("%s %v: got %v", c.name, c.value, err)
			continue
		}
		class := dcr.InvalidSoftwareStatement
		if c.rule == "issuer" {
			class = dcr.UnapprovedSoftwareStatement
		}
		if refusal.Rule != "statement."+c.rule || refusal.Class != class || refusal.Pointer != "/software_statement" || refusal.Clause == "" {
			t.Errorf("%s %v: got %+v, want %s", c.name, c.value, refusal, c.rule)
		}
		if !strings.Contains(refusal.Because, c.in) || len(refusal.Because) > 200 {
			t.Errorf("%s: the sentence must name the claim: %s", c.name, refusal.Because)
		}
	}
}

// The authority's claims are one object, or an array of them; those that are active count together. An environment is one
// text, or several.
func TestReadStatementOfSeveral(t *testing.T) {
	authority := func(id, number, status string, roles ...string) claims {
		return claims{"authority_id": id, "registration_id": number, "status": status, "authorisations": []claims{{"member_state": "GB", "roles": append([]string{}, roles...)}}}
	}
	for _, c := range []struct {
		name                 string
		of                   any
		state, number, roles string
	}{
		{"one in an array", []claims{authority("FCAGBR", "1", "Active", "AISP")}, "Active", "GB-FCA 1", "AISP"},
		{"two", []claims{authority("FCAGBR", "1", "Active", "AISP"), authority("OBGBR", "2", "active", "PISP")}, "Active", "GB-FCA 1", "AISP PISP"},
		{"the first of a directory unknown here", []claims{authority("X", "1", "Active", "AISP"), authority("FCAGBR", "2", "Active")}, "Active", "GB-FCA 2", "AISP"},
		{"the first withdrawn", []claims{authority("FCAGBR", "1", "Withdrawn", "PISP"), authority("OBGBR", "2", "Active", "AISP")}, "Active", "GB-OB 2", "AISP"},
		{"the second withdrawn", []claims{authority("FCAGBR", "1", "Active", "AISP"), authority("OBGBR", "2", "Withdrawn", "PISP")}, "Active", "GB-FCA 1", "AISP"},
		{"all withdrawn", []claims{authority("FCAGBR", "1", "Withdrawn", "PISP"), authority("OBGBR", "2", "Withdrawn")}, "Withdrawn", "GB-FCA 1", "PISP"},
	} {
		text := goodClaims()
		text[authorityName], text["software_environment"] = c.of, []string{"sandbox", "pilot"}
		got, err := directory.ReadStatement(uk(t), object(t, text), "a.b.c")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		number := got.Software.GetAuthority() + " " + got.Software.GetAuthorisationNumber()
		if got.AuthorityState != c.state || number != c.number || strings.Join(got.AuthorisedFor, " ") != c.roles {
			t.Errorf("%s: %s, %s, %q", c.name, got.AuthorityState, number, got.AuthorisedFor)
		}
		if strings.Join(got.Environments, " ") != "sandbox pilot" {
			t.Errorf("environments %q", got.Environments)
		}
	}
	for name, of := range map[string]any{"an empty array": []claims{}, "an array of texts": []string{"x"}, "a text": "x"} {
		text := goodClaims()
		text[authorityName] = of
		if _, err := directory.ReadStatement(uk(t), object(t, text), "a.b.c"); dcr.AsRefusal(err).Rule != "statement.type" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
