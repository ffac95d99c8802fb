package rule_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func TestCheckAcceptsAGoodRegistration(t *testing.T) {
	for _, name := range []string{"obie-3.2", "obie-3.3", "obie-3.4"} {
		for verb, r := range map[string]*dcr.Registration{
			"POST": registration(t, nil),
			"PUT":  update(registration(t, claims{"client_id": "a-client"})),
		} {
			r.Profile = loadProfile(t, name)
			if err := rule.Check(r); err != nil {
				t.Errorf("%s %s: %v", name, verb, err)
			}
		}
	}
}

// Success is reached only at the end of the list; what is not a list of rules is an error of ours.
func TestCheckFailsClosed(t *testing.T) {
	for name, change := range map[string]func(*dcr.Registration){
		"no profile":            func(r *dcr.Registration) { r.Profile = nil },
		"no directory":          func(r *dcr.Registration) { r.Directory = nil },
		"no statement":          func(r *dcr.Registration) { r.Statement = nil },
		"no time":               func(r *dcr.Registration) { r.Now = time.Time{} },
		"unknown rule":          func(r *dcr.Registration) { r.Profile.Rules = []string{"ciba", "no-such"} },
		"rule that always runs": func(r *dcr.Registration) { r.Profile.Rules = []string{"dictionary"} },
	} {
		t.Run(name, func(t *testing.T) {
			r := registration(t, nil)
			change(r)
			err := rule.Check(r)
			if err == nil {
				t.Fatal("accepted")
			}
			if status := dcr.AsRefusal(err).Status; status != 503 {
				t.Errorf("answered with %d, want 503", status)
			}
		})
	}
	if rule.Check(nil) == nil {
		t.Error("nothing was accepted")
	}
}

// A request that breaks everything is refused by every rule alone, under its own name: no rule leans on another.
func TestEveryRuleRefusesUnderItsName(t *testing.T) {
	wrong := claims{
		"iss": "another", "software_id": "another", "aud": "another", "exp": now.Unix(), "jwks": claims{},
		"client_id": "another", "client_secret": "x", "client_name": "another", "id_token_encrypted_response_enc": "A256GCM", "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": nil,
		"tls_client_auth_subject_dn": subjectDN, "response_types": []string{}, "backchannel_token_delivery_mode": "poll",
		"redirect_uris": []string{"http://tpp.example/"}, "scope": "payments  ", "application_type": nil,
	}
	for _, one := range rule.All {
		r := update(registration(t, wrong))
		r.Current.Software.Id = "another"
		r.AuthMethods = []string{"tls_client_auth"}
		if one.ID == "hybrid" || one.ID == "jarm" {
			r.Request["response_types"] = json.RawMessage(`["code","code id_token"]`)
		}
		got := verdict(t, alone(t, one.ID)(r))
		id, _, _ := strings.Cut(got, " ")
		if id != one.ID && !strings.HasPrefix(id, one.ID+".") {
			t.Errorf("rule %s refused as %q", one.ID, id)
		}
	}
}

// The order is that of All, and the first rule that refuses answers; the others are told with it. A profile that names an
// optional rule has it, in its place.
func TestCheckKeepsTheOrder(t *testing.T) {
	r := registration(t, claims{"aud": "another", "scope": "unknown", "id_token_encrypted_response_enc": "A256GCM"})
	for _, c := range []struct {
		rules []string
		want  string
	}{
		{nil, "audience /aud, scope.unknown /scope"},
		{[]string{"ciba", "encryption"}, "audience /aud, encryption /id_token_encrypted_response_enc, scope.unknown /scope"},
	} {
		r.Profile.Rules = c.rules
		if got := verdict(t, rule.Check(r)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.rules, got, c.want)
		}
	}
}

// Ten mistakes are told at once, each with its place, so that they are mended at once. What the dictionary finds wrong is
// not found wrong twice.
func TestCheckFindsEverything(t *testing.T) {
	r := registration(t, claims{
		"aud": "another", "exp": now.Unix(), "software_id": "another", "jti": strings.Repeat("x", 129), "jwks": claims{}, "jwks_uri": "https://tpp.example/jwks",
		"redirect_uris":    []string{softwareURIs[0], "http://tpp.example/", softwareURIs[0]},
		"application_type": "desktop", "id_token_signed_response_alg": nil, "request_object_signing_alg": 7,
		"grant_types": []string{"client_credentials", "password", "implicit"}, "backchannel_token_delivery_mode": "poll",
		"scope": "openid accounts unknown fundsconfirmations",
	})
	want := []string{
		"dictionary.values /application_type", "dictionary.values /grant_types/1", "dictionary.values /grant_types/2",
		"dictionary.required /id_token_signed_response_alg", "dictionary.length /jti", "dictionary.type /request_object_signing_alg",
		"software_id /software_id", "audience /aud", "times.exp /exp", "keys.jwks /jwks", "keys.jwks_uri /jwks_uri",
		"redirect_uris.https /redirect_uris/1", "scope.unknown /scope", "scope.role /scope",
	}
	if got := verdict(t, rule.Check(r)); got != strings.Join(want, ", ") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, ", "))
	}
}

// What the statement says of a member counts, and is checked as if it had been asked.
func TestStatementTakesPrecedence(t *testing.T) {
	r := registration(t, claims{"application_type": "web"})
	r.Statement = readStatement(t, statementClaims().with(claims{"application_type": "mobile", "redirect_uris": []string{"https://evil.example/"}}))
	if got, want := verdict(t, rule.Check(r)), "redirect_uris.statement /redirect_uris/0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Statement = readStatement(t, statementClaims().with(claims{"application_type": "desktop"}))
	if got, want := verdict(t, rule.Check(r)), "dictionary.values /application_type"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Statement = readStatement(t, statementClaims().with(claims{"application_type": "mobile"}))
	registered, err := rule.Registered(&r.Asked)
	if err != nil || string(registered["application_type"]) != `"mobile"` {
		t.Errorf("got %s %v, want mobile", registered["application_type"], err)
	}
	if original, _ := r.Request.String("application_type"); original != "web" {
		t.Error("the request itself was changed")
	}
}

// A rule that stands alone, without the dictionary before it, denies what it cannot read.
func TestRulesDenyWrongTypes(t *testing.T) {
	cibaClient := claims{"grant_types": []string{ciba}, "backchannel_token_delivery_mode": "ping", "backchannel_authentication_request_signing_alg": "PS256"}
	for _, c := range []struct {
		rule   string
		change claims
	}{
		{"issuer", claims{"iss": 1}},
		{"software_id", claims{"software_id": 1}},
		{"audience", claims{"aud": 1}},
		{"times", claims{"iat": "1"}},
		{"keys", claims{"jwks_uri": 1}},
		{"auth_method", claims{"token_endpoint_auth_method": 1}},
		{"auth_signing_alg", claims{"token_endpoint_auth_method": 1}},
		{"tls_client_auth", claims{"token_endpoint_auth_method": 1}},
		{"tls_client_auth", mutual.with(claims{"tls_client_auth_subject_dn": 1})},
		{"response_types", claims{"grant_types": 1}},
		{"response_types", claims{"response_types": 1}},
		{"ciba", claims{"grant_types": 1}},
		{"ciba", cibaClient.with(claims{"backchannel_token_delivery_mode": 1})},
		{"ciba", cibaClient.with(claims{"backchannel_client_notification_endpoint": 1})},
		{"redirect_uris", claims{"redirect_uris": 1}},
		{"scope", claims{"scope": 1}},
	} {
		if alone(t, c.rule)(registration(t, c.change)) == nil {
			t.Errorf("%s accepted %v", c.rule, c.change)
		}
	}
}

// alone returns the check of one rule.
func alone(t *testing.T, id string) func(*dcr.Registration) error {
	t.Helper()
	at := slices.IndexFunc(rule.All, func(one rule.Rule) bool { return one.ID == id })
	return func(r *dcr.Registration) error {
		err := rule.All[at].Check(r)
		if refusal, ok := errors.AsType[*dcr.Error](err); ok {
			return refusal.Under(r.Profile)
		}
		return err
	}
}
