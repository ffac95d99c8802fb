package profile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

func TestLoad(t *testing.T) {
	if got, want := profile.Names(), []string{"cdr-au", "generic-0.1", "is-json", "obie-3.1", "obie-3.2", "obie-3.3", "obie-3.4"}; !slices.Equal(got, want) {
		t.Fatalf("shipped are %q, want %q", got, want)
	}
	for _, name := range profile.Names() {
		if loaded, err := profile.Load(name); err != nil || loaded.Name != name {
			t.Errorf("%s: got %v, %v", name, loaded, err)
		}
	}
	for _, name := range versions() {
		loaded, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Name != name || loaded.Standard != "OBIE DCR "+strings.TrimPrefix(name, "obie-") {
			t.Errorf("%s calls itself %s, %s", name, loaded.Name, loaded.Standard)
		}
		if loaded.Request.MaxAge != time.Hour || loaded.Request.MaxLifetime != 24*time.Hour {
			t.Errorf("%s: got %v", name, loaded.Request)
		}
		if want := []string{"application/jwt", "application/jose"}; !slices.Equal(loaded.ContentTypes, want) {
			t.Errorf("%s: got %q", name, loaded.ContentTypes)
		}
		if !loaded.Members["iss"].Matches("oQ4KoaavpOuoE7rvQsZEOV") || loaded.Members["iss"].Matches("foo.is/invalid") {
			t.Errorf("%s: the pattern of iss is not compiled", name)
		}
	}
	for _, name := range []string{"", "obie-9.9", "../profile/obie-3.3", "obie-3.3.yaml"} {
		if _, err := profile.Load(name); err == nil || !strings.Contains(err.Error(), "obie-3.1, obie-3.2, obie-3.3, obie-3.4") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// The form of a DN in 3.4 is the document's, but for commas that are escaped.
func TestDN34(t *testing.T) {
	loaded, err := profile.Load("obie-3.4")
	if err != nil {
		t.Fatal(err)
	}
	documents := form(documentOf("obie-3.4")["tls_client_auth_subject_dn"].Pattern)
	for _, c := range []struct {
		dn             string
		ours, document bool
	}{
		{"CN=TPPIdentifier,organizationIdentifier=PSDGB-OB-UnknownTPPID,O=Open Banking Limited (A),C=GB", true, true}, // the document's example
		{"cn=a", true, true},
		{`CN=a,2.5.4.97=#0c03,O=A\2cB`, true, true},
		{`CN=a,O=A Bank\, PLC,C=GB`, true, false},
		{`CN=a,O=A Bank\,PLC`, true, false},
		{"CN=a, O=b", false, false},
		{"C=GB,CN=a", false, false},
		{"CN=", false, false},
		{"CN=a,O", false, false},
		{"CN=a,,O=b", false, false},
		{"CN=a,", false, false},
		{"", false, false},
	} {
		if got := loaded.Members["tls_client_auth_subject_dn"].Matches(c.dn); got != c.ours || documents.MatchString(c.dn) != c.document {
			t.Errorf("%s: the profile accepts it: %v, the document: %v", c.dn, got, documents.MatchString(c.dn))
		}
	}
}

// The two versions differ by CIBA alone (OBIE DCR 3.3, Version Control).
func TestVersionsDifferByCIBA(t *testing.T) {
	older, err := profile.Load("obie-3.2")
	if err != nil {
		t.Fatal(err)
	}
	newer, err := profile.Load("obie-3.3")
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(older.Rules, "ciba") || !slices.Contains(newer.Rules, "ciba") {
		t.Error("the rule ciba is 3.3's")
	}
	const grant = "urn:openid:params:grant-type:ciba"
	if slices.Contains(older.Members["grant_types"].Values, grant) || !slices.Contains(newer.Members["grant_types"].Values, grant) {
		t.Error("the grant is 3.3's")
	}
	for name := range newer.Members {
		if _, has := older.Members[name]; has == strings.HasPrefix(name, "backchannel_") {
			t.Errorf("%s: 3.2 has it: %v", name, has)
		}
	}
}

const good = `
name: a-profile
standard: A Standard 1.0
dictionary: Data Dictionary
body: jws
content_types: [application/jwt]
request: {max_age: 5m, max_lifetime: 1h}
clients: {duplicates: reject, management_scope: registration, default_scope: registered, introspection: true}
unknown_scopes: refuse
rules: [hybrid, jarm]
members:
  note: {type: string, in: request, required: true, max_length: 22, pattern: "^[a-z]+$"}
  grants: {type: strings, in: both, min_items: 1, values: [a, b], default: [a]}
  truth: {type: boolean, in: both, values: ["true"]}
  iss: {type: string, in: request, required: true}
  iat: {type: integer, in: request, required: true}
  exp: {type: integer, in: request, required: true}
  aud: {type: audience, in: request, required: true}
  jti: {type: string, in: request, required: true}
  redirect_uris: {type: strings, in: both}
  token_endpoint_auth_method: {type: string, in: both, required: true, values: [private_key_jwt]}
  grant_types: {type: strings, in: both, required: true}
  response_types: {type: strings, in: both}
  software_statement: {type: string, in: both, required: true}
`

// parse reads a text as an administrator's file.
func parse(text string) (*dcr.Profile, error) {
	return profile.LoadFrom(func(string) ([]byte, error) { return []byte(text), nil }, "mine.yaml")
}

// parseCases are changes to a good file, each with what the error must say.
var parseCases = []struct{ name, old, new, want string }{
	{"good", "", "", ""},
	{"loose: words that are not quoted, keys without a value", `values: ["true"]`, "values: [true], default: [true], pattern: , as: \"\"", ""},
	{"unknown key", "standard:", "standart:", "standart: there is no such key here; did you mean standard?"},
	{"key in another case", "standard:", "Standard:", "Standard: there is no such key here; did you mean standard?"},
	{"unknown member key", "min_items: 1", "minItems: 1", "members.grants.minItems: there is no such key here; did you mean min_items?"},
	{"key twice", "standard: A Standard 1.0", "name: b", "3:1: error: name: the key is repeated; it is in line 2 already"},
	{"member twice", "  truth:", "  note:", "members.note: the name is repeated"},
	{"wrong type", "min_items: 1", "min_items: many", "min_items"},
	{"no unit", "max_age: 5m", "max_age: 5", "max_age"},
	{"second document", "members:", "---\nmembers:", "a second one begins here"},
	{"no name", "name: a-profile", "", "name: the key name is missing"},
	{"bad name", "name: a-profile", "name: A Profile", "name: must be"},
	{"no standard", "standard: A Standard 1.0", "", "standard: the key standard is missing"},
	{"no content types", "[application/jwt]", "[]", "content_types: the list must not be empty"},
	{"parameter in a content type", "application/jwt]", "application/jwt;charset=utf-8]", "content_types[0]: must be"},
	{"no age", "max_age: 5m, ", "", "request.max_age: the key max_age is missing"},
	{"negative lifetime", "max_lifetime: 1h", "max_lifetime: -1h", "request.max_lifetime: must be"},
	{"no dictionary", "dictionary: Data Dictionary", "", "dictionary: the key dictionary is missing"},
	{"unknown body", "body: jws", "body: xml", "body: must be one of jws, json"},
	{"unknown policy of scopes", "unknown_scopes: refuse", "unknown_scopes: keep", "unknown_scopes: must be one of refuse, drop"},
	{"no policy of duplicates", "duplicates: reject, ", "", "clients.duplicates: the key duplicates is missing"},
	{"no default scope", "default_scope: registered, ", "", "clients.default_scope: the key default_scope is missing"},
	{"two management scopes", "management_scope: registration", "management_scope: a b", "clients.management_scope: must be a scope token"},
	{"no rules", "rules: [hybrid, jarm]", "", ""},
	{"a rule that always runs", "[hybrid, jarm]", "[hybrid, scope]", "10:17: error: rules[1]: scope always runs: delete it"},
	{"no jti", "  jti: {type: string, in: request, required: true}\n", "", "11:1: error: members.jti: must be there: no registration is safe without it"},
	{"a jti that may be left out", "jti: {type: string, in: request, required: true}", "jti: {type: string, in: request}", "members.jti.required: must be true in every profile"},
	{"a method that is not registered", "token_endpoint_auth_method: {type: string, in: both", "token_endpoint_auth_method: {type: string, in: request", "members.token_endpoint_auth_method.in: must be both"},
	{"a time that is a text", "exp: {type: integer", "exp: {type: string", "members.exp.type: must be integer in every profile"},
	{"tls_client_auth without its rule", "values: [private_key_jwt]", "values: [tls_client_auth]", "rules: must name tls_client_auth"},
	{"any method without the rule of one", ", values: [private_key_jwt]", "", "rules: must name tls_client_auth"},
	{"unknown rule", "[hybrid, jarm]", "[hybrid, jrm]", "did you mean jarm?"},
	{"rule twice", "[hybrid, jarm]", "[hybrid, hybrid]", "rules[1]: hybrid is named twice"},
	{"unknown type", "type: string,", "type: text,", "members.note.type: must be one of string, strings, audience, integer, boolean"},
	{"no type", "type: string,", "", "members.note.type: the key type is missing"},
	{"unknown place", "in: request", "in: body", "members.note.in: must be one of request, response, both"},
	{"empty member", `{type: boolean, in: both, values: ["true"]}`, "", "members.truth: has no value"},
	{"name of a member", "  truth:", "  Truth:", "members.Truth: the key must be the name of a member"},
	{"pattern does not compile", "^[a-z]+$", "^[a-z+$", "members.note.pattern: must be a regular expression"},
	{"pattern without anchors", "^[a-z]+$", "[a-z]+", "members.note.pattern: must be a regular expression that begins with ^"},
	{"length of a boolean", "type: boolean", "max_length: 1, type: boolean", "members.truth.max_length: must be"},
	{"negative length", "max_length: 22", "max_length: -1", "members.note.max_length: must be"},
	{"items of a string", "required: true", "min_items: 1", "members.note.min_items: must be"},
	{"value of a boolean", `["true"]`, `["yes"]`, "members.truth.values[0]: must be true or false"},
	{"value twice", "[a, b]", "[a, b, a]", "members.grants.values[2]: the list has this already"},
	{"empty value", "[a, b]", `[a, ""]`, "members.grants.values[1]: must be"},
	{"default not a value", "default: [a]", "default: [c]", "members.grants.default[0]: must be among values"},
	{"default of a string", "required: true", "default: [a]", ""},
	{"defaults of a string", "required: true", "default: [a, b]", "members.note.default: must be of strings"},
	{"default of an integer", "type: string, in: request, required: true, max_length: 22, pattern: \"^[a-z]+$\"", "type: integer, in: request, default: [a]", "members.note.default: must be of strings"},
	{"default of a boolean", `values: ["true"]`, `default: ["yes"]`, "members.truth.default[0]: must be true or false"},
	{"another name", "required: true", "as: tls_client_auth_subject_dn", ""},
	{"another name that no rule asks for", "required: true", "as: jti", "members.note.as: must be one of tls_client_auth_subject_dn"},
	{"another name that is a member's", "  truth: {", "  tls_client_auth_subject_dn: {type: string, in: both}\n  truth: {as: tls_client_auth_subject_dn, ",
		"members.truth.as: tls_client_auth_subject_dn is a member itself"},
	{"another name twice", "  truth: {", "  a: {type: string, in: both, as: tls_client_auth_subject_dn}\n  truth: {as: tls_client_auth_subject_dn, ",
		"members.truth.as: a is that already"},
	{"audience in a response", "type: strings, in: both, min_items: 1", "type: audience, in: both", "members.grants.in: must be request"},
}

func TestParse(t *testing.T) {
	for _, c := range parseCases {
		t.Run(c.name, func(t *testing.T) {
			if c.old != "" && !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := parse(strings.Replace(good, c.old, c.new, 1))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for _, text := range []string{"", "\n", "# nothing\n", "[]", "name"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// All faults are reported at once.
func TestParseReportsAll(t *testing.T) {
	_, err := parse("name: a\nmembers:\n  iss: {type: string}\n")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"standard:", "content_types:", "request:", "clients:", "members.iss.in:", "members.jti:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
