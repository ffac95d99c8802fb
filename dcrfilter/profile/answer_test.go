package profile_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// requests are good requests whose metadata together use every member.
var requests = map[string]string{
	"private_key_jwt": `{"redirect_uris":["https://tpp.example/"],"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"PS256",
		"grant_types":["client_credentials","authorization_code","refresh_token"],"response_types":["code","code id_token"],"software_id":"oQ4Koaavp",
		"scope":"openid accounts","software_statement":"a.b.c","application_type":"web","id_token_signed_response_alg":"ES256","request_object_signing_alg":"PS256"}`,
	"tls_client_auth, all defaults": `{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=oQ4Koaavp,OU=001,O=OpenBanking,C=GB",
		"grant_types":["client_credentials"],"scope":"openid openid","software_statement":"a.b.c","application_type":"web",
		"id_token_signed_response_alg":"ES256","request_object_signing_alg":"PS256"}`,
	"ciba": `{"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256",
		"grant_types":["urn:openid:params:grant-type:ciba","client_credentials"],"scope":"openid","software_statement":"a.b.c","application_type":"web",
		"id_token_signed_response_alg":"ES256","request_object_signing_alg":"PS256","backchannel_token_delivery_mode":"ping",
		"backchannel_client_notification_endpoint":"https://tpp.example/","backchannel_authentication_request_signing_alg":"PS256",
		"backchannel_user_code_parameter_supported":false}`,
}

// in31 makes a request of a later version one of 3.1.
var in31 = strings.NewReplacer(`"openid accounts"`, `["openid","accounts"]`, `"openid openid"`, `["openid","openid"]`, `tls_client_auth_subject_dn`, `tls_client_auth_dn`,
	`"tls_client_auth",`, `"tls_client_auth","token_endpoint_auth_signing_alg":"ES256",`)

// What is answered satisfies the response schema of the document, less the request's own claims, which it includes by a
// slip: the Location column of the standard says "Request only" of them.
func TestAnswersSatisfyTheDocuments(t *testing.T) {
	for _, name := range versions() {
		for title, request := range requests {
			if title == "ciba" && name < "obie-3.3" {
				continue
			}
			if name == "obie-3.1" {
				request = in31.Replace(request)
			}
			t.Run(name+" "+title, func(t *testing.T) { checkAnswer(t, name, request) })
		}
	}
}

func checkAnswer(t *testing.T, name, request string) {
	loaded, err := profile.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := strictjson.Parse([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := strictjson.Parse([]byte(`{"iss":"OpenBanking Ltd","iat":1,"jti":"x","software_id":"oQ4Koaavp","software_version":1.5,"org_id":"001"}`))
	if err != nil {
		t.Fatal(err)
	}
	registered, err := rule.Registered(&dcr.Asked{
		Profile: loaded, Directory: &dcr.Directory{}, Request: asked,
		Statement: &dcr.Statement{Software: &dcr.Software{Id: "oQ4Koaavp"}, RedirectURIs: []string{"https://tpp.example/"}, Claims: claims},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := rule.Answer(loaded, rule.Client{
		ID: "0123456789012345678901", IssuedAt: 1795262400, Metadata: registered, Statement: "a.b.c", Claims: claims,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range append([]string{"client_id", "software_id", "org_id", "software_version"}, requiredIn(name)...) {
		if !answer.Has(member) {
			t.Errorf("%s is missing", member)
		}
	}
	for member := range answer {
		if as := loaded.Named(member); as != member {
			t.Errorf("%s is answered under its later name", as)
		}
		if slices.Contains(requiredClaims, member) {
			t.Errorf("%s is the request's or the statement's own", member)
		}
		if property, has := documentOf(name)[member]; has {
			satisfies(t, member, answer[member], property)
		}
	}
}

// form compiles a pattern of the documents. The lengths, which they look ahead for, are said beside it too.
func form(pattern string) *regexp.Regexp {
	return regexp.MustCompile(strings.Replace(pattern, "(?=.{1,512}$)", "", 1))
}

// satisfies checks a value as a JSON Schema validator would.
func satisfies(t *testing.T, at string, raw json.RawMessage, want property) {
	t.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	switch want.Type {
	case "string":
		text, ok := value.(string)
		length := utf8.RuneCountInString(text)
		if !ok || length < want.MinLength || want.MaxLength > 0 && length > want.MaxLength ||
			len(want.Enum) > 0 && !slices.Contains(want.Enum, text) || !form(want.Pattern).MatchString(text) {
			t.Errorf("%s: %s", at, raw)
		}
	case "integer":
		if number, ok := value.(float64); !ok || number != float64(int32(number)) {
			t.Errorf("%s: %s", at, raw)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			t.Errorf("%s: %s", at, raw)
		}
	case "array":
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil || items == nil || len(items) < want.MinItems {
			t.Errorf("%s: %s", at, raw)
		}
		for _, item := range items {
			satisfies(t, at, item, *want.Items)
		}
	default:
		t.Errorf("%s: no type", at)
	}
}
