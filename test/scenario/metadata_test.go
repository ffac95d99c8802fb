package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// The claims of a request as a JWT.
func TestRequestClaims(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	rows := []attack{
		{"expired", claim("exp", ago(0)), metadata("times.exp")},
		{"expires before it is issued", both(claim("iat", in(5*time.Second)), claim("exp", in(2*time.Second))), metadata("times.exp")},
		{"lives for more than a day", claim("exp", in(25*time.Hour)), metadata("times.exp")},
		{"lives until 2038, as in seed 001", claim("exp", 2147483646), metadata("times.exp")},
		{"issued more than an hour ago", claim("iat", ago(61*time.Minute)), metadata("times.iat")},
		{"issued in five minutes", claim("iat", in(5*time.Minute)), metadata("times.iat")},
		{"iat in milliseconds", claim("iat", time.Now().UnixMilli()), metadata("times.iat")},
		{"not before in five minutes", claim("nbf", in(5*time.Minute)), metadata("times.nbf")},
		{"nbf a string", claim("nbf", "now"), metadata("times.nbf")},
		{"iss of another software", claim("iss", newTPP(t).SoftwareID), metadata("issuer")},
		{"iss in other letters", claim("iss", swapCase(p.SoftwareID)), metadata("issuer")},
		{"iss the organisation", claim("iss", p.OrgID), metadata("issuer")},
		{"software_id of another", claim("software_id", newTPP(t).SoftwareID), metadata("software_id")},
		{"aud of another bank", claim("aud", "0015800001HQQrZAAX"), metadata("audience")},
		{"aud the token endpoint", claim("aud", p.World.File.Token), metadata("audience")},
		{"aud the registration endpoint", claim("aud", p.World.File.Registration), metadata("audience")},
		{"aud in other letters", claim("aud", swapCase(p.World.File.Audience)), metadata("audience")},
		{"aud with a space", claim("aud", p.World.File.Audience+" "), metadata("audience")},
		{"aud among others", claim("aud", []string{p.World.File.Audience, "x"}), metadata("dictionary.type")},
		{"aud empty", claim("aud", ""), metadata("dictionary.length")},
		{"aud an empty list", claim("aud", []string{}), metadata("dictionary.type")},
		{"jti empty", claim("jti", ""), metadata("dictionary.length")},
		{"jti too long", claim("jti", strings.Repeat("j", 129)), metadata("dictionary.length")},
		{"jti not printable", claim("jti", "a\u0001b"), metadata("dictionary.pattern")},
		{"jti a number", claim("jti", 1643090815273), metadata("dictionary.type")},
	}
	required := []string{
		"iss", "iat", "exp", "aud", "jti", "token_endpoint_auth_method", "grant_types", "scope", "application_type",
		"id_token_signed_response_alg", "request_object_signing_alg",
	}
	for _, name := range required {
		rows = append(rows,
			attack{name + " absent", noClaim(name), metadata("dictionary.required")},
			attack{name + " null", claim(name, nil), metadata("dictionary.required")},
			attack{name + " an object", claim(name, map[string]any{}), metadata("dictionary.type")})
	}
	for _, name := range []string{"iat", "exp"} {
		for kind, value := range map[string]any{"a string": "1795256327", "true": true, "a list": []int{1}} {
			rows = append(rows, attack{name + " " + kind, claim(name, value), metadata("dictionary.type")})
		}
		rows = append(rows,
			attack{name + " with an exponent", rawNumber(name, "1.8e9"), metadata("times." + name)},
			attack{name + " a fraction of long ago", claim(name, 1500000000.5), metadata("times." + name)},
			attack{name + " negative", claim(name, -1), metadata("times." + name)},
			attack{name + " beyond the year 9999", claim(name, 253402300800), metadata("times." + name)},
			attack{name + " beyond 64 bits", rawNumber(name, "18446744073709551617"), metadata("times." + name)})
	}
	refuseAll(t, p, rows)
}

// rawNumber writes a claim as a number in a form that JSON's encoder would not use.
func rawNumber(name, number string) func(*harness.JWT) {
	return func(j *harness.JWT) {
		j.Claims[name] = "\x00number"
		j.RawClaims = strings.Replace(textOf(j.Claims), `"\u0000number"`, number, 1)
	}
}

func swapCase(text string) string {
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}

// The client's metadata.
func TestRequestMetadata(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	const method, signing, dn = "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "tls_client_auth_subject_dn"
	withDN := func(value any) func(*harness.JWT) { return both(claim(method, "tls_client_auth"), claim(dn, value)) }
	rows := []attack{
		{"private_key_jwt without its alg", noClaim(signing), metadata("auth_signing_alg")},
		{"tls_client_auth without a DN", claim(method, "tls_client_auth"), metadata("tls_client_auth.missing")},
		{"a DN without tls_client_auth", claim(dn, "CN=x"), metadata("tls_client_auth.without")},
		{"an invalid DN", withDN("x"), metadata("tls_client_auth.dn")},
		{"a DN with an empty RDN", withDN("CN=x,,O=y"), metadata("tls_client_auth.dn")},
		{"a DN that is too long", withDN("CN=" + strings.Repeat("x", 126)), metadata("dictionary.length")},
		{"a SAN beside the DN", both(withDN("CN=x"), claim("tls_client_auth_san_dns", "x.example.com")), metadata("tls_client_auth.san")},
		{"jwks", claim("jwks", map[string]any{"keys": []any{}}), metadata("keys.jwks")},
		{"jwks_uri elsewhere", claim("jwks_uri", "https://keys.example.com/a.jwks"), metadata("keys.jwks_uri")},
		{"response types without a grant for them", claim("grant_types", []string{"client_credentials"}), metadata("response_types.grant")},
		{"no response type for the code grant", claim("response_types", []string{}), metadata("response_types.missing")},
		{"CIBA's members without CIBA", claim("backchannel_token_delivery_mode", "poll"), metadata("ciba.without")},
		{"CIBA without its members", claim("grant_types", []string{"authorization_code", "urn:openid:params:grant-type:ciba"}), metadata("ciba.missing")},
		{"no grant types", claim("grant_types", []string{}), metadata("dictionary.min_items")},
		{"grant types as text", claim("grant_types", "client_credentials"), metadata("dictionary.type")},
		{"scope a list, as in 3.1", claim("scope", []string{"accounts"}), metadata("dictionary.type")},
		{"scope empty", claim("scope", ""), metadata("dictionary.length")},
		{"scope with two spaces", claim("scope", "accounts  openid"), metadata("scope.form")},
		{"scope with a tab", claim("scope", "accounts\topenid"), metadata("scope.form")},
		{"scope with a quote", claim("scope", `accounts "openid"`), metadata("scope.form")},
	}
	for _, bad := range []string{"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "self_signed_tls_client_auth", "Private_Key_JWT"} {
		rows = append(rows, attack{method + " " + bad, claim(method, bad), metadata("dictionary.values")})
	}
	for _, name := range []string{signing, "id_token_signed_response_alg", "request_object_signing_alg"} {
		for _, bad := range []string{"none", "RS256", "HS256", "PS384", "ps256"} {
			rows = append(rows, attack{name + " " + bad, claim(name, bad), metadata("dictionary.values")})
		}
	}
	rows = append(rows, oneBad("grant_types", []string{"client_credentials", "authorization_code", "refresh_token"}, metadata("dictionary.values"),
		"implicit", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "Client_Credentials", "client_credentials ")...)
	rows = append(rows, oneBad("response_types", []string{"code", "code id_token"}, metadata("dictionary.values"),
		"token", "id_token", "id_token token code", "code token", "none")...)
	rows = append(rows, badScopes([]string{"openid", "accounts", "payments"}, metadata("scope.unknown"),
		"admin", "account", "accountss", "Accounts", "openid:accounts", "cdr:registration")...)
	refuseAll(t, p, rows)
}

// oneBad puts each bad value at each place among good ones.
func oneBad(name string, good []string, refused want, bad ...string) []attack {
	var rows []attack
	for _, value := range bad {
		for at := range len(good) + 1 {
			values := slices.Insert(slices.Clone(good), at, value)
			rows = append(rows, attack{fmt.Sprintf("%s: %q at %d", name, value, at), claim(name, values), refused})
		}
	}
	return rows
}

func badScopes(good []string, refused want, bad ...string) []attack {
	var rows []attack
	for _, a := range oneBad("scope", good, refused, bad...) {
		rows = append(rows, attack{a.name, func(j *harness.JWT) {
			a.change(j)
			j.Claims["scope"] = strings.Join(j.Claims["scope"].([]string), " ")
		}, refused})
	}
	return rows
}

// A scope needs its role, wherever it stands.
func TestScopesNeedRoles(t *testing.T) {
	t.Parallel()
	p := enrol(t, gateway, harness.Order{Roles: []string{"AISP"}})
	refuseAll(t, p, badScopes([]string{"openid", "accounts"}, metadata("scope.role"), "payments", "fundsconfirmations"))
}

// What varies in the wild and is accepted, and how it is answered.
func TestRequestsOfTheWild(t *testing.T) {
	type members map[string]any
	for _, test := range []struct {
		name   string
		change func(*harness.JWT)
		want   members
	}{
		{"response_types left out", noClaim("response_types"), members{"response_types": []any{"code id_token"}}},
		{"aud a list of one", func(j *harness.JWT) { j.Claims["aud"] = []any{j.Claims["aud"]} }, nil},
		{"jti in milliseconds, as in the seeds", claim("jti", fmt.Sprint(time.Now().UnixNano())), nil},
		{"a client_id, which is ignored", claim("client_id", "mine"), nil},
		{"members that we do not know", both(claim("token_endpoint_allow_reuse_pvt_key_jwt", true), claim("x", nil)),
			members{"token_endpoint_allow_reuse_pvt_key_jwt": nil, "x": nil}},
		{"a client_secret, which is not taken", claim("client_secret", "s"), members{"client_secret": nil, "client_secret_expires_at": nil}},
		{"a scope twice", claim("scope", "openid accounts openid"), members{"scope": "openid accounts"}},
		{"client_credentials alone", both(claim("grant_types", []string{"client_credentials"}), noClaim("response_types")), members{"response_types": []any{}}},
		{"CIBA by polling", both(
			claim("grant_types", []string{"client_credentials", "authorization_code", "urn:openid:params:grant-type:ciba"}),
			claim("backchannel_token_delivery_mode", "poll"), claim("backchannel_authentication_request_signing_alg", "PS256"),
			claim("backchannel_user_code_parameter_supported", false)), members{"backchannel_token_delivery_mode": "poll"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newTPP(t).register(t, test.change)
			if c.id == "mine" || c.id == c.SoftwareID {
				t.Errorf("the client's id is %s, want one of our own", c.id)
			}
			for name, want := range test.want {
				if got := c.document[name]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s is answered as %v, want %v", name, got, want)
				}
			}
		})
	}
}
