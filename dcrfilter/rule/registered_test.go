package rule_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// plain is an object as encoding/json reads it.
func plain(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestRegistered(t *testing.T) {
	good := claims{
		"redirect_uris": softwareURIs[:1], "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
		"grant_types": []string{"authorization_code", "client_credentials"}, "response_types": []string{"code id_token"},
		"software_id": softwareID, "scope": "openid accounts", "application_type": "web",
		"id_token_signed_response_alg": "PS256", "request_object_signing_alg": "ES256",
	}
	for _, c := range []struct {
		name   string
		change claims
		want   claims
	}{
		{"as asked", nil, good},
		{"defaults", claims{"response_types": nil, "redirect_uris": nil, "software_id": nil}, good.with(claims{"redirect_uris": softwareURIs})},
		{"no response types without their grant", claims{"response_types": nil, "grant_types": []string{"client_credentials"}},
			good.with(claims{"response_types": []string{}, "grant_types": []string{"client_credentials"}})},
		{"scope tokens once", claims{"scope": "payments openid payments accounts openid"}, good.with(claims{"scope": "payments openid accounts"})},
		{"no alg without a signature", mutual.with(claims{"token_endpoint_auth_signing_alg": "PS256"}),
			good.with(claims{"token_endpoint_auth_method": "tls_client_auth", "token_endpoint_auth_signing_alg": nil, "tls_client_auth_subject_dn": subjectDN})},
		{"nothing that was not asked for", claims{
			"client_id": "x", "client_secret": "x", "client_id_issued_at": 1, "registration_access_token": "x", "subject_type": "pairwise",
			"token_endpoint_allow_reuse_pvt_key_jwt": true, "jwks_uri": jwksURL, "client_name": "x",
		}, good},
		{"CIBA", claims{"grant_types": []string{ciba}, "response_types": nil, "backchannel_token_delivery_mode": "poll",
			"backchannel_authentication_request_signing_alg": "ES256", "backchannel_user_code_parameter_supported": false},
			good.with(claims{"grant_types": []string{ciba}, "response_types": []string{}, "backchannel_token_delivery_mode": "poll",
				"backchannel_authentication_request_signing_alg": "ES256", "backchannel_user_code_parameter_supported": false})},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := registration(t, c.change)
			if err := rule.Check(r); err != nil {
				t.Fatal(err)
			}
			registered, err := rule.Registered(&r.Asked)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := plain(t, registered), plain(t, c.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// What cannot be read is not registered.
func TestRegisteredFailsClosed(t *testing.T) {
	for name, change := range map[string]claims{
		"scope":         {"scope": 1},
		"grant_types":   {"grant_types": "client_credentials"},
		"redirect_uris": {"redirect_uris": []any{1}},
		"null":          {"application_type": null},
	} {
		if registered, err := rule.Registered(&registration(t, change).Asked); err == nil {
			t.Errorf("%s: got %v", name, registered)
		}
	}
	for name, r := range map[string]*dcr.Asked{"nothing": nil, "zero": {}} {
		if _, err := rule.Registered(r); err == nil {
			t.Errorf("%s was registered", name)
		}
	}
}

func TestAnswer(t *testing.T) {
	r := registration(t, nil)
	registered, err := rule.Registered(&r.Asked)
	if err != nil {
		t.Fatal(err)
	}
	metadata := maps.Clone(registered)
	// Claims that must not get through: about the JWT, of this server, of the metadata, null.
	statement := statementClaims().with(claims{
		"exp": 2147483646, "sub": "x", "aud": "x", "nbf": 1, "Client_ID": "evil", "client_id_issued_at": "1", "client_secret": "evil",
		"scope": "payments", "Redirect_URIs": []string{"https://evil.example/"}, "software_statement": "evil", "software_policy_uri": null,
		"software_tos_uri": "https://tpp.example/tos?a=1&b=<2>",
	})
	body, err := rule.Answer(loadProfile(t, "obie-3.3"), rule.Client{
		ID: "a-client", IssuedAt: 1664173296, Metadata: registered, Statement: "aaa.bbb.ccc", Claims: statement.object(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := plain(t, registered)
	for name, value := range plain(t, statementClaims()) {
		if !slices.Contains([]string{"iss", "iat", "jti", "software_id"}, name) {
			want[name] = value
		}
	}
	want["software_tos_uri"] = "https://tpp.example/tos?a=1&b=<2>"
	want["client_id"], want["client_id_issued_at"], want["software_statement"] = "a-client", float64(1664173296), "aaa.bbb.ccc"
	if got := plain(t, body); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if !reflect.DeepEqual(registered, metadata) {
		t.Errorf("the answer changed the metadata: %v", registered)
	}
}

func TestAnswerFailsClosed(t *testing.T) {
	for _, c := range []struct {
		name   string
		client rule.Client
	}{
		{"no metadata", rule.Client{ID: "a-client", Statement: "a.b.c"}},
		{"a scope that is a number", rule.Client{ID: "a-client", Statement: "a.b.c", Metadata: strictjson.Object{"scope": []byte("1")}}},
		{"no statement", rule.Client{ID: "a-client", Metadata: strictjson.Object{}}},
		{"no client id", rule.Client{Statement: "a.b.c", Metadata: strictjson.Object{}}},
	} {
		if body, err := rule.Answer(loadProfile(t, "obie-3.1"), c.client); err == nil {
			t.Errorf("%s: got %s", c.name, body)
		}
	}
}
