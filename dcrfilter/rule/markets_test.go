package rule_test

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

const (
	productID  = "740c368f-ecf9-4d29-a2ea-0514a66b0cd0"
	recipient  = "data-recipient-software-product"
	cdrScope   = "openid profile bank:accounts.basic:read future:thing:read cdr:registration"
	cdrGranted = "openid profile bank:accounts.basic:read cdr:registration"
)

// register is a directory whose statements name scopes, as Australia's.
func register() *dcr.Directory {
	return &dcr.Directory{
		Name: "cdr", Issuer: "cdr-register", MaxAge: 10 * time.Minute,
		Claims: dcr.StatementClaims{
			SoftwareID: "software_id", SoftwareName: "client_name", OrgID: "org_id", Roles: "software_roles", Scope: "scope", RedirectURIs: "redirect_uris", JWKS: "jwks_uri",
		},
		Scopes: map[string]string{"openid": "", "profile": "", "bank:accounts.basic:read": recipient, "bank:payees:read": "another-role", "cdr:registration": recipient},
	}
}

func productClaims() claims {
	return claims{
		"iss": "cdr-register", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "jti": "3bc205a1ebc943fbb624b14fcb241196",
		"org_id": "3b0b0a7b-3e7b-4a2c-9497-e357a71d07c8", "org_name": "Mock Company Inc.", "client_name": "Mock Software", "client_uri": "https://tpp.example",
		"redirect_uris": softwareURIs, "jwks_uri": "https://tpp.example/jwks", "software_id": productID, "software_roles": recipient, "scope": cdrScope,
	}
}

// abroad is a good registration of a profile by a software of that register, with changes to request and statement.
func abroad(t testing.TB, profile string, change, statement claims) *dcr.Registration {
	t.Helper()
	d := register()
	read, err := directory.ReadStatement(d, productClaims().with(statement).object(t), "aaa.bbb.ccc")
	if err != nil {
		t.Fatal(err)
	}
	request := claims{
		"iss": productID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "aud": "https://bank.example", "jti": "37747cd1c10545699f754adf28b73e31",
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
		"grant_types": []string{"client_credentials", "authorization_code"}, "response_types": []string{"code"},
		"application_type": "web", "id_token_signed_response_alg": "PS256", "authorization_signed_response_alg": "PS256", "request_object_signing_alg": "PS256",
		"software_statement": "aaa.bbb.ccc",
	}
	return &dcr.Registration{
		Asked: dcr.Asked{Profile: loadProfile(t, profile), Directory: d, Request: request.with(change).object(t), Statement: read},
		Now:   now, Audiences: []string{"https://bank.example"}, AuthMethods: []string{"private_key_jwt", "tls_client_auth"}, Algorithms: []string{"PS256"},
	}
}

func TestCDR(t *testing.T) {
	for _, c := range []struct {
		name              string
		change, statement claims
		want              string
	}{
		{name: "good"},
		{name: "what the dictionary does not name", change: claims{"scope": "anything", "tls_client_auth_subject_dn": "x", "backchannel_token_delivery_mode": "poll", "software_roles": 1}},
		{name: "defaults", change: claims{"application_type": nil, "request_object_signing_alg": nil, "redirect_uris": nil}},
		{name: "hybrid", change: claims{"response_types": []string{"code", "code id_token"}, "id_token_encrypted_response_alg": "RSA-OAEP"}},
		{name: "hybrid without encryption", change: claims{"response_types": []string{"code", "code id_token"}}, want: "hybrid /id_token_encrypted_response_alg"},
		{name: "hybrid with weak encryption", change: claims{"response_types": []string{"code id_token"}, "id_token_encrypted_response_alg": "RSA1_5"},
			want: "dictionary.values /id_token_encrypted_response_alg"},
		{name: "a code without a signed answer", change: claims{"authorization_signed_response_alg": nil}, want: "jarm /authorization_signed_response_alg"},
		{name: "a code with an unsigned answer", change: claims{"authorization_signed_response_alg": "none"}, want: "dictionary.values /authorization_signed_response_alg"},
		{name: "ciphers without encryption", change: claims{"authorization_encrypted_response_enc": "A256GCM", "id_token_encrypted_response_enc": "A256GCM"},
			want: "encryption /id_token_encrypted_response_enc, encryption /authorization_encrypted_response_enc"},
		{name: "tls_client_auth", change: claims{"token_endpoint_auth_method": "tls_client_auth"}, want: "dictionary.values /token_endpoint_auth_method"},
		{name: "a grant that it does not have", change: claims{"grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"}}, want: "dictionary.values /grant_types/1"},
		{name: "an invalid iss", change: claims{"iss": "740C368F-ECF9-4D29-A2EA-0514A66B0CDN"}, want: "dictionary.pattern /iss"},
		{name: "another's iss", change: claims{"iss": "840c368f-ecf9-4d29-a2ea-0514a66b0cd0"}, want: "issuer /iss"},
		{name: "a redirect URI of another", change: claims{"redirect_uris": []string{softwareURIs[0], "https://tpp.example/x"}}, want: "redirect_uris.statement /redirect_uris/1"},
		{name: "no scope in the statement", statement: claims{"scope": nil}},
		{name: "scopes of the future alone", statement: claims{"scope": "future:thing:read bank:payees:read"}, want: "scope.none /software_statement"},
		{name: "no scope to manage", statement: claims{"scope": "openid bank:accounts.basic:read"}, want: "scope.management /software_statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(t, rule.Check(abroad(t, "cdr-au", c.change, c.statement))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What is registered is what the statement says and this server knows, with the defaults; of what was asked in vain
// nothing is kept.
func TestCDRRegistered(t *testing.T) {
	r := abroad(t, "cdr-au", claims{"scope": "admin", "application_type": nil, "request_object_signing_alg": nil, "id_token_encrypted_response_alg": "RSA-OAEP", "x": 1}, nil)
	registered, err := rule.Registered(&r.Asked)
	if err != nil {
		t.Fatal(err)
	}
	want := plain(t, claims{
		"redirect_uris": softwareURIs, "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
		"grant_types": []string{"client_credentials", "authorization_code"}, "response_types": []string{"code"}, "software_id": productID, "scope": cdrGranted,
		"application_type": "web", "id_token_signed_response_alg": "PS256", "id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A128CBC-HS256",
		"authorization_signed_response_alg": "PS256", "request_object_signing_alg": "PS256",
	})
	if got := plain(t, registered); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	wantAnswered(t, r, registered, claims{
		"client_name": "Mock Software", "client_uri": "https://tpp.example", "org_name": "Mock Company Inc.", "software_roles": recipient,
		"jwks_uri": "https://tpp.example/jwks", "scope": cdrGranted, "client_id": "a-client", "client_id_issued_at": 1,
	})
}

// The profile that has no standard takes software of either directory.
func TestGeneric(t *testing.T) {
	jwtBearer := []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"}
	for _, c := range []struct {
		name   string
		change claims
		want   string
	}{
		{"good", nil, ""},
		{"the JWT bearer grant", claims{"grant_types": jwtBearer}, ""},
		{"encrypted ID tokens", claims{"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A256GCM"}, ""},
		{"a cipher alone", claims{"id_token_encrypted_response_enc": "A256GCM"}, "encryption /id_token_encrypted_response_enc"},
		{"weak encryption", claims{"id_token_encrypted_response_alg": "RSA1_5"}, "dictionary.values /id_token_encrypted_response_alg"},
		{"an id that is of neither", claims{"iss": "sgsMuc8ACBgBzinpr8oJ8B12345-NEW"}, "dictionary.pattern /iss"},
		{"CIBA", claims{"grant_types": []string{ciba}, "response_types": nil}, "dictionary.values /grant_types/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := registration(t, c.change)
			r.Profile = loadProfile(t, "generic-0.1")
			if got := verdict(t, rule.Check(r)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for scope, want := range map[string]string{
		cdrGranted: "", "openid bank:payees:read": "scope.role /scope", "openid future:thing:read": "scope.unknown /scope",
	} {
		if got := verdict(t, rule.Check(abroad(t, "generic-0.1", claims{"scope": scope}, nil))); got != want {
			t.Errorf("%s: got %q, want %q", scope, got, want)
		}
	}
	narrow := abroad(t, "generic-0.1", claims{"scope": cdrGranted}, claims{"scope": "openid cdr:registration"})
	if got, want := verdict(t, rule.Check(narrow)), "scope.statement /scope"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// plainRequest is a good request of is-json, with changes.
func plainRequest(t testing.TB, change claims) *dcr.Registration {
	changes := claims{
		"token_endpoint_allow_reuse_pvt_key_jwt": false, "tls_client_certificate_bound_access_tokens": true, "require_signed_request_object": true,
		"token_type_extension": "JWT", "jwks_uri": jwksURL, "client_name": "A_TPP", "ext_application_display_name": "A TPP",
	}
	maps.Copy(changes, change)
	r := registration(t, changes)
	r.Profile = loadProfile(t, "is-json")
	return r
}

func TestPlainJSON(t *testing.T) {
	for _, c := range []requestCase{
		{"good", nil, ""},
		{"without the server's own", claims{"client_name": nil, "ext_application_display_name": nil, "token_type_extension": nil, "jwks_uri": nil,
			"tls_client_certificate_bound_access_tokens": nil, "require_signed_request_object": nil}, ""},
		{"replay protection off", claims{"token_endpoint_allow_reuse_pvt_key_jwt": true}, ""},
		{"another's name", claims{"client_name": "A Bank", "ext_application_display_name": "A-TPP"}, "client_name /client_name, client_name /ext_application_display_name"},
		{"a name with an underscore too many", claims{"client_name": "A__TPP"}, "client_name /client_name"},
		{"a name in another case", claims{"client_name": "a tpp"}, "client_name /client_name"},
		{"an empty name", claims{"client_name": ""}, "dictionary.length /client_name"},
		{"keys elsewhere", claims{"jwks_uri": "https://tpp.example/jwks"}, "keys.jwks_uri /jwks_uri"},
		{"tokens for whoever finds them", claims{"tls_client_certificate_bound_access_tokens": false}, "dictionary.values /tls_client_certificate_bound_access_tokens"},
		{"unsigned request objects", claims{"require_signed_request_object": false}, "dictionary.values /require_signed_request_object"},
		{"opaque tokens", claims{"token_type_extension": "OPAQUE"}, "dictionary.values /token_type_extension"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(t, rule.Check(plainRequest(t, c.change))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	unnamed := plainRequest(t, nil)
	unnamed.Statement = readStatement(t, statementClaims().with(claims{"software_client_name": nil}))
	if got, want := verdict(t, rule.Check(unnamed)), "client_name /client_name, client_name /ext_application_display_name"; got != want {
		t.Errorf("a name that the statement does not have: got %q, want %q", got, want)
	}
	unnamed.Statement = readStatement(t, statementClaims().with(claims{"software_client_name": 7}))
	if got, want := verdict(t, rule.Check(unnamed)), "client_name.statement /software_statement"; got != want {
		t.Errorf("an invalid name: got %q, want %q", got, want)
	}
}

// A client is told how it stands, whatever it has asked for.
func TestPlainJSONAnswer(t *testing.T) {
	r := plainRequest(t, claims{"token_endpoint_allow_reuse_pvt_key_jwt": true, "require_signed_request_object": nil})
	registered, err := rule.Registered(&r.Asked)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswered(t, r, registered, claims{
		"token_endpoint_allow_reuse_pvt_key_jwt": false, "ext_public_client": false, "subject_type": "public", "require_signed_request_object": true,
		"tls_client_certificate_bound_access_tokens": true, "token_type_extension": "JWT", "client_name": "A_TPP", "jwks_uri": jwksURL,
	})
}

// wantAnswered wants members of the answer about a client that is registered so.
func wantAnswered(t *testing.T, r *dcr.Registration, registered strictjson.Object, want claims) {
	t.Helper()
	body, err := rule.Answer(r.Profile, rule.Client{ID: "a-client", IssuedAt: 1, Metadata: registered, Statement: "aaa.bbb.ccc", Claims: r.Statement.Claims})
	if err != nil {
		t.Fatal(err)
	}
	answer := plain(t, body)
	for name, value := range plain(t, want) {
		if !reflect.DeepEqual(answer[name], value) {
			t.Errorf("%s is answered as %v, want %v", name, answer[name], value)
		}
	}
}
