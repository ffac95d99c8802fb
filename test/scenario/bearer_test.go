package scenario

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	deadToken = badToken("bearer.token")
	noToken   = want{http.StatusUnauthorized, "unauthorized", "bearer.missing"}
	noScheme  = want{http.StatusUnauthorized, "unauthorized", "bearer.scheme"}
	twoTokens = badRequest("bearer.methods")
)

// Where a token may be, and what may be there.
func TestBearerHeaders(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	rows := []struct {
		name   string
		values []string
		want   want
	}{
		{"none", nil, noToken},
		{"empty", []string{""}, noToken},
		{"the scheme alone", []string{"Bearer"}, deadToken},
		{"an empty token", []string{"Bearer "}, deadToken},
		{"Basic", []string{"Basic YWRtaW46YWRtaW4="}, noScheme},
		{"another scheme with a good token", []string{"DPoP " + token}, noScheme},
		{"the token without a scheme", []string{token}, noScheme},
		{"a tab behind the scheme", []string{"Bearer\t" + token}, noScheme},
		{"two headers", []string{"Bearer " + token, "Bearer " + token}, twoTokens},
		{"two headers, the second of another scheme", []string{"Bearer " + token, "Basic YWRtaW46YWRtaW4="}, twoTokens},
		{"a list", []string{"Bearer " + token + ", Bearer " + token}, twoTokens},
		{"two tokens", []string{"Bearer " + token + " " + token}, deadToken},
		{"quoted", []string{`Bearer "` + token + `"`}, deadToken},
		{"a parameter", []string{"Bearer token=" + token}, deadToken},
		{"something behind it", []string{"Bearer " + token + ";x"}, deadToken},
		{"padded", []string{"Bearer " + token + "=="}, deadToken},
		{"garbage", []string{"Bearer garbage"}, deadToken},
		{"dots", []string{"Bearer ..."}, deadToken},
		{"not ASCII", []string{"Bearer t\u00f6ken"}, deadToken},
		{"not UTF-8", []string{"Bearer \xff\xfe"}, deadToken},
		{"9 KiB", []string{"Bearer " + strings.Repeat("a", 9<<10)}, deadToken},
		{"a path", []string{"Bearer ../../etc/passwd"}, deadToken},
		{"a format", []string{"Bearer %s%n%x"}, deadToken},
	}
	for _, url := range []string{c.url, c.World.File.APIs[0].URL} {
		for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
			for _, test := range rows {
				t.Run(fmt.Sprintf("%s %s %s", url[strings.LastIndex(url, "/"):], protocol, test.name), func(t *testing.T) {
					t.Parallel()
					sent := call{method: "GET", url: url, header: http.Header{}, protocol: protocol}
					if test.values != nil {
						sent.header["Authorization"] = test.values
					}
					test.want.check(t, c.do(t, sent))
				})
			}
		}
	}
	t.Run("and in the scheme's other letters", func(t *testing.T) {
		if answer := c.do(t, call{method: "GET", url: c.url, header: header("Authorization", "bEARER "+token)}); answer.Status != http.StatusOK {
			t.Errorf("got %s, want 200", answer)
		}
	})
}

// "shall not accept access tokens in the query parameters" (FAPI 1.0 Part 1, section 6.2.1).
func TestTokenInQuery(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	for _, url := range []string{c.url, c.World.File.APIs[0].URL} {
		noToken.check(t, c.do(t, call{method: "GET", url: url + "?access_token=" + token}))
		twoTokens.check(t, c.do(t, call{method: "GET", url: url + "?access_token=" + token, header: bearer(token)}))
		twoTokens.check(t, c.do(t, call{method: "GET", url: url + "?x=1&access%5Ftoken=" + token, header: bearer(token)}))
	}
}

// Tokens that we did not issue, or that have ended (RFC 8725 section 3.12).
func TestBearerTokens(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	p := strings.Split(token, ".")
	forge := func(change func(*harness.JWT)) string {
		forged := &harness.JWT{JWT: dcrclient.JWT{
			Key: c.Signing, Header: map[string]any{"alg": "PS256", "typ": "at+jwt", "kid": c.SigningKeyID},
			Claims: map[string]any{
				"iss": c.World.File.Issuer, "aud": c.World.MTLS(), "sub": c.id, "client_id": c.id, "jti": newUUID(),
				"iat": ago(0), "exp": in(5 * time.Minute), "scope": "accounts", "cnf": map[string]string{"x5t#S256": strings.Repeat("A", 43)},
			},
		}}
		if change != nil {
			change(forged)
		}
		return forged.Compact()
	}
	for name, bad := range map[string]string{
		"a client assertion":                     c.Assertion(c.id).Compact(),
		"a software statement":                   c.StatementText,
		"a registration request":                 c.Request().Compact(),
		"forged with the software's key":         forge(nil),
		"forged with the server's kid":           forge(func(j *harness.JWT) { j.RawHeader = decode(t, p[0]) }),
		"alg none":                               forge(signedBy("none", nil)),
		"alg none, with the server's kid":        forge(func(j *harness.JWT) { j.RawHeader = strings.Replace(decode(t, p[0]), "PS256", "none", 1) }),
		"its signature flipped":                  p[0] + "." + p[1] + "." + flipped(p[2]),
		"its claims flipped":                     p[0] + "." + flipped(p[1]) + "." + p[2],
		"its header flipped":                     flipped(p[0]) + "." + p[1] + "." + p[2],
		"its signature cut":                      p[0] + "." + p[1] + ".",
		"without a signature":                    p[0] + "." + p[1],
		"its claims with another scope":          p[0] + "." + harness.Encode([]byte(strings.Replace(decode(t, p[1]), `"accounts`, `"payments accounts`, 1))) + "." + p[2],
		"its header without a typ":               harness.Encode([]byte(strings.Replace(decode(t, p[0]), "at+jwt", "JWT", 1))) + "." + p[1] + "." + p[2],
		"of another client, over our connection": newClient(t).token(t),
	} {
		t.Run(name, func(t *testing.T) {
			deadToken.check(t, c.read(t, bad))
			deadToken.check(t, c.accounts(t, bad))
		})
	}
	if answer := c.read(t, token); answer.Status != http.StatusOK {
		t.Errorf("the good token: %s", answer)
	}
}

// A token of the wrong certificate is refused, and not revoked: a thief must not be able to revoke it.
func TestTokenOfAnotherCertificate(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	renewed := harness.Issue(t, &ca, harness.TransportTemplate(harness.LegacySubject(c.OrgID, c.SoftwareID)))
	thieves := map[string]call{
		"another organisation":                {certificate: &newTPP(t).Transport},
		"a sibling":                           {certificate: &enrol(t, gateway, harness.Order{OrgID: c.OrgID}).Transport},
		"a new certificate of the same names": {certificate: &renewed},
	}
	for name, sent := range thieves {
		for _, method := range []string{"GET", "DELETE"} {
			t.Run(name+" "+method, func(t *testing.T) {
				sent.method, sent.url, sent.header = method, c.url, bearer(token)
				deadToken.check(t, c.do(t, sent))
				if answer := c.read(t, token); answer.Status != http.StatusOK {
					t.Errorf("with its own certificate: %s", answer)
				}
			})
		}
	}
}

// A bank's API asks for its scope; management does not.
func TestScopeOfAnAPI(t *testing.T) {
	t.Parallel()
	c := newTPP(t).register(t, claim("scope", "openid accounts payments"))
	payments := c.tokenOf(t, c.form(with("scope", "payments")))
	answer := c.accounts(t, payments)
	want{http.StatusForbidden, "insufficient_scope", "scope.missing"}.check(t, answer)
	if challenge := answer.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, `scope="accounts"`) || !strings.Contains(challenge, `error="insufficient_scope"`) {
		t.Errorf("WWW-Authenticate is %q, want what would be enough", challenge)
	}
	if answer := c.read(t, payments); answer.Status != http.StatusOK {
		t.Errorf("management: %s", answer)
	}
	if answer := c.accounts(t, c.tokenOf(t, c.form(with("scope", "openid accounts")))); answer.Status != http.StatusOK {
		t.Errorf("with the scope: %s", answer)
	}
}

func decode(t *testing.T, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func thumbprint(certificate tls.Certificate) string {
	digest := sha256.Sum256(certificate.Certificate[0])
	return harness.Encode(digest[:])
}
