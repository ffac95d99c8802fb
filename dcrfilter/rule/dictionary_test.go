package rule_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func TestDictionary(t *testing.T) {
	runRequests(t, []requestCase{
		{"nothing wrong", nil, ""},
		{"unknown members are ignored", claims{"subject_type": "public", "x": claims{"y": nil}}, ""},
		{"client_id of a POST is ignored", claims{"client_id": 7, "client_secret": false, "client_id_issued_at": "x"}, ""},
		{"string as number", claims{"iss": 7}, "dictionary.type /iss"},
		{"string as null", claims{"application_type": null}, "dictionary.type /application_type"},
		{"empty string", claims{"iss": ""}, "dictionary.length /iss"},
		{"30 digits", claims{"iss": strings.Repeat("7", 30)}, "dictionary.length /iss"},
		{"not base62", claims{"iss": "foo.is/invalid"}, "dictionary.pattern /iss"},
		{"iat as string", claims{"iat": "1"}, "dictionary.type /iat"},
		{"iat as fraction", claims{"iat": float64(now.Unix()) + 0.5}, ""},
		{"iat as a text", claims{"iat": "1795262400"}, "dictionary.type /iat"},
		{"exp as null", claims{"exp": null}, "dictionary.type /exp"},
		{"aud of one", claims{"aud": []string{"https://bank.example"}}, ""},
		{"aud of two", claims{"aud": []string{"https://bank.example", "0015800001HQQrZAAY"}}, "dictionary.type /aud"},
		{"aud of none", claims{"aud": []string{}}, "dictionary.type /aud"},
		{"jti of 128", claims{"jti": strings.Repeat("j", 128)}, ""},
		{"jti of 129", claims{"jti": strings.Repeat("j", 129)}, "dictionary.length /jti"},
		{"jti with a newline", claims{"jti": "a\nb"}, "dictionary.pattern /jti"},
		{"jti not ASCII", claims{"jti": "é"}, "dictionary.pattern /jti"},
		{"blank jti", claims{"jti": " "}, "dictionary.pattern /jti"},
		{"blank jti of many spaces", claims{"jti": "    "}, "dictionary.pattern /jti"},
		{"jti with a space", claims{"jti": "a b"}, ""},
		{"grants as a string", claims{"grant_types": "client_credentials"}, "dictionary.type /grant_types"},
		{"no grants", claims{"grant_types": []string{}}, "dictionary.min_items /grant_types"},
		{"a number among grants", claims{"grant_types": []any{"client_credentials", 1}}, "dictionary.type /grant_types"},
		{"method FAPI does not allow", claims{"token_endpoint_auth_method": "client_secret_basic"}, "dictionary.values /token_endpoint_auth_method"},
		{"no authentication", claims{"token_endpoint_auth_method": "none"}, "dictionary.values /token_endpoint_auth_method"},
		{"RS256 id_token", claims{"id_token_signed_response_alg": "RS256"}, "dictionary.values /id_token_signed_response_alg"},
		{"unsigned request objects", claims{"request_object_signing_alg": "none"}, "dictionary.values /request_object_signing_alg"},
		{"RS256 assertions", claims{"token_endpoint_auth_signing_alg": "RS256"}, "dictionary.values /token_endpoint_auth_signing_alg"},
		{"case counts", claims{"application_type": "Web"}, "dictionary.values /application_type"},
		{"long scope", claims{"scope": strings.Repeat("a", 257)}, "dictionary.length /scope"},
		{"user code true", claims{"backchannel_user_code_parameter_supported": true}, "dictionary.values /backchannel_user_code_parameter_supported"},
		{"user code as string", claims{"backchannel_user_code_parameter_supported": "false"}, "dictionary.type /backchannel_user_code_parameter_supported"},
		{"redirect_uris as a string", claims{"redirect_uris": "https://tpp.example/callback"}, "dictionary.type /redirect_uris"},
		{"a number among redirect_uris", claims{"redirect_uris": []any{1}}, "dictionary.type /redirect_uris"},
		{"no redirect_uris", claims{"redirect_uris": []string{}}, "dictionary.min_items /redirect_uris"},
		{"an empty one among redirect_uris", claims{"redirect_uris": []string{softwareURIs[0], ""}}, "dictionary.length /redirect_uris/1"},
		{"statement not a string", claims{"software_statement": claims{}}, "dictionary.type /software_statement"},
	})
}

func TestDictionaryRequired(t *testing.T) {
	for _, name := range []string{
		"iss", "iat", "exp", "aud", "jti", "token_endpoint_auth_method", "grant_types", "scope", "software_statement",
		"application_type", "id_token_signed_response_alg", "request_object_signing_alg",
	} {
		if got, want := verdict(t, rule.Check(registration(t, claims{name: nil}))), "dictionary.required /"+name; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestDictionaryCodes(t *testing.T) {
	for name, want := range map[string]dcr.Class{
		"software_statement": dcr.InvalidSoftwareStatement, "redirect_uris": dcr.InvalidRedirectURI, "scope": dcr.InvalidClientMetadata,
	} {
		if got := dcr.AsRefusal(rule.Check(registration(t, claims{name: claims{}}))).Class; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// One bad value among good ones is refused wherever it stands.
func TestOneBadAmongGood(t *testing.T) {
	for _, c := range []struct {
		member string
		good   []string
		bad    string
		want   string
	}{
		{"grant_types", []string{"client_credentials", "authorization_code", "refresh_token"}, "implicit", "dictionary.values /grant_types/"},
		{"grant_types", []string{"client_credentials", "authorization_code"}, "Authorization_Code", "dictionary.values /grant_types/"},
		{"response_types", []string{"code", "code id_token"}, "token", "dictionary.values /response_types/"},
		{"response_types", []string{"code", "code id_token"}, "id_token token code", "dictionary.values /response_types/"},
	} {
		for i, values := range withEach(c.good, c.bad) {
			got := verdict(t, rule.Check(registration(t, claims{c.member: values})))
			if want := c.want + string(rune('0'+i)); got != want {
				t.Errorf("%v: got %q, want %q", values, got, want)
			}
		}
	}
}

// A pattern that was never compiled matches nothing.
func TestUncompiledPattern(t *testing.T) {
	r := registration(t, nil)
	r.Profile.Members["iss"] = &dcr.Member{Type: dcr.TypeString, In: dcr.InRequest, Pattern: "^.*$"}
	if got, want := verdict(t, rule.Check(r)), "dictionary.pattern /iss"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The CIBA members are OBIE DCR 3.3's; 3.2 does not have the grant and ignores the members.
func TestCIBAIsUnknownToVersion32(t *testing.T) {
	r := registration(t, claims{"grant_types": []string{"client_credentials", ciba}, "response_types": nil})
	r.Profile = loadProfile(t, "obie-3.2")
	if got, want := verdict(t, rule.Check(r)), "dictionary.values /grant_types/1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r = registration(t, claims{"backchannel_token_delivery_mode": "push"})
	r.Profile = loadProfile(t, "obie-3.2")
	if got := verdict(t, rule.Check(r)); got != "" {
		t.Errorf("got %q, want none", got)
	}
}
