package filter_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const (
	formType  = "application/x-www-form-urlencoded"
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	unknownClient = "401 invalid_client clientauth.client"
)

// assertionClaims is a good client assertion.
func (w *world) assertionClaims(c *dcrpb.Client) claims {
	return claims{
		"iss": c.GetId(), "sub": c.GetId(), "aud": issuerURL, "jti": "an-assertion",
		"iat": w.now.Unix(), "exp": w.now.Add(30 * time.Minute).Unix(),
	}
}

// form is a request of the token endpoint. An empty value is not sent.
func (w *world) form(parameters map[string]string) *filter.Request {
	values := url.Values{"grant_type": {"client_credentials"}}
	for name, value := range parameters {
		if value != "" {
			values.Set(name, value)
		}
	}
	return w.request(map[string]string{"Content-Type": formType}, values.Encode())
}

// asserting is a request with a client assertion.
func (w *world) asserting(assertion string) *filter.Request {
	return w.form(map[string]string{"client_assertion_type": jwtBearer, "client_assertion": assertion})
}

// authenticate runs the chain, and holds what it proved against its verdict.
func (w *world) authenticate(chain []filter.Filter, r *filter.Request) error {
	w.t.Helper()
	err := w.run(chain, r)
	if (r.Client != nil) != (err == nil) || (r.AuthMethod != "") != (err == nil) {
		w.t.Errorf("proved %v by %q, verdict %v", r.Client, r.AuthMethod, err)
	}
	refusal, ok := errors.AsType[*dcr.Error](err)
	if ok && refusal.Class == dcr.InvalidClient {
		if _, header, _ := refusal.Answer(""); !strings.HasPrefix(header.Get("WWW-Authenticate"), `Bearer realm="token"`) {
			w.t.Errorf("%s: the challenge is %q, want the realm token", refusal.Rule, header.Get("WWW-Authenticate"))
		}
	}
	return err
}

// TestClientAuthMethods covers "The client MUST NOT use more than one authentication method in each request" (RFC 6749, section 2.3).
func TestClientAuthMethods(t *testing.T) {
	w := newWorld(t)
	const (
		methods = "400 invalid_request clientauth.methods"
		method  = "401 invalid_client clientauth.method"
	)
	client := w.client()
	assertion := w.keys.software.sign(t, nil, w.assertionClaims(client))
	tests := []struct {
		name, assertionType, assertion, secret, id, authorization string
		want                                                      string
	}{
		{name: "an assertion", assertionType: jwtBearer, assertion: assertion},
		{name: "an assertion and the client's id", assertionType: jwtBearer, assertion: assertion, id: client.GetId()},
		{name: "an assertion and Basic", assertionType: jwtBearer, assertion: assertion, authorization: "Basic eDp5", want: methods},
		{name: "an assertion and Bearer", assertionType: jwtBearer, assertion: assertion, authorization: "Bearer x", want: methods},
		{name: "an assertion and a secret", assertionType: jwtBearer, assertion: assertion, secret: "s", want: methods},
		{name: "an assertion's type alone and a secret", assertionType: jwtBearer, secret: "s", want: methods},
		{name: "Basic and a secret", authorization: "Basic eDp5", id: client.GetId(), secret: "s", want: methods},
		{name: "Basic", authorization: "Basic eDp5", want: method},
		{name: "Basic and the client's id", authorization: "Basic eDp5", id: client.GetId(), want: method},
		{name: "a secret", id: client.GetId(), secret: "s", want: method},
		{name: "nothing", want: "401 invalid_client clientauth.missing"},
		// T4
		{name: "an assertion without its type", assertion: assertion, want: "401 invalid_client clientauth.assertion_type"},
		{name: "an assertion of another type", assertion: assertion, assertionType: jwtBearer + "s", want: "401 invalid_client clientauth.assertion_type"},
		{name: "an assertion's type alone", assertionType: jwtBearer, want: "401 invalid_client clientauth.jws.compact"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.form(map[string]string{
				"client_assertion_type": test.assertionType, "client_assertion": test.assertion, "client_secret": test.secret, "client_id": test.id,
			})
			if test.authorization != "" {
				r.Header.Set("Authorization", test.authorization)
			}
			want(t, w.in(t).authenticate(w.chain("certificate", "clientauth"), r), test.want)
		})
	}
}

// TestClientAuthForm is T1: what is no form is refused as such, before anybody is looked for.
func TestClientAuthForm(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "clientauth")
	tests := []struct{ name, contentType, query, body, want string }{
		{"a parameter twice", formType, "", "client_id=a&client_id=b", "400 invalid_request form.duplicate"},
		{"parameters in the query", formType, "client_id=a", "", "400 invalid_request form.query"},
		{"JSON", "application/json", "", "{}", "415 unsupported_media_type form.content_type"},
		{"no type", "", "", "client_id=a", "415 unsupported_media_type form.content_type"},
		{"a broken escape", formType, "", "client_id=%zz", "400 invalid_request form.encoding"},
		{"an empty body", formType, "", "", "401 invalid_client clientauth.missing"},
		{"a client's id without a value", formType, "", "client_id=", "401 invalid_client clientauth.missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.request(nil, test.body)
			r.Query = test.query
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			want(t, w.in(t).authenticate(chain, r), test.want)
		})
	}
}

// TestClientAuthKeySets asks what the directory's key sets do to a client that is what it says.
func TestClientAuthKeySets(t *testing.T) {
	w := newWorld(t)
	qwac := w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-999"), nil)
	elsewhere := func(c *dcrpb.Client) { c.Software.KeySets.Jwks = "https://127.0.0.1:1/software" }
	tests := []struct {
		name    string
		change  func(*dcrpb.Client)
		peer    leaf
		sets    map[string]string
		down    string
		want    string
		fetched string
	}{
		{name: "all is well", fetched: "org-revoked revoked software"},
		{name: "the key is revoked", sets: map[string]string{"revoked": w.keys.software.jwk}, want: unknownClient, fetched: "org-revoked revoked software"},
		{name: "the key is revoked for the organisation", sets: map[string]string{"org-revoked": w.keys.software.jwk}, want: unknownClient, fetched: "org-revoked revoked software"},
		{name: "the certificate is revoked", sets: map[string]string{"revoked": w.jwk(w.transport, "tls")}, want: unknownClient, fetched: "revoked"},
		{name: "the key is gone", sets: map[string]string{"software": w.keys.org.jwk}, want: unknownClient, fetched: "org-revoked revoked software"},
		{name: "the key is for TLS", sets: map[string]string{"software": strings.Replace(w.keys.software.jwk, `"sig"`, `"tls"`, 1)}, want: unknownClient, fetched: "org-revoked revoked software"},
		{name: "the key set is down", down: "software", want: "503 temporarily_unavailable keys.unavailable", fetched: "org-revoked revoked software"},
		{name: "the revoked set is down", down: "revoked", want: "503 temporarily_unavailable keys.unavailable", fetched: "revoked"},
		{name: "the organisation's revoked set is down", down: "org-revoked", want: "503 temporarily_unavailable keys.unavailable", fetched: "org-revoked revoked"},
		{name: "the key set is at a host that may not be asked any more", change: elsewhere, want: unknownClient, fetched: "org-revoked revoked"},
		{name: "so is that of a client with a QWAC", change: elsewhere, peer: qwac, want: unknownClient},
		{name: "a QWAC that the directory does not list", peer: qwac, want: unknownClient, fetched: "org software"},
		{name: "a QWAC that the directory lists", peer: qwac, sets: map[string]string{"org": w.jwk(qwac, "tls")}, fetched: "org org-revoked revoked software"},
		{name: "a QWAC listed for signing", peer: qwac, sets: map[string]string{"org": w.jwk(qwac, "sig")}, want: unknownClient, fetched: "org software"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			defer w.publish()
			if test.down != "" {
				w.keystore.takeDown(t, test.down)
			}
			client := w.client(func(c *dcrpb.Client) {
				if test.change != nil {
					test.change(c)
				}
			})
			r := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client)))
			if test.peer.escaped != "" {
				r.PeerPEM = test.peer.escaped
			}
			w.keystore.taken()
			want(t, w.authenticate(w.chain("certificate", "clientauth"), r), test.want)
			if asked := w.keystore.taken(); asked != test.fetched {
				t.Errorf("fetched %q, want %q", asked, test.fetched)
			}
		})
	}
}

func TestClientAuthWithoutRedis(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	chain := w.chain("certificate", "clientauth")
	w.redis.Kill()
	want(t, w.authenticate(chain, w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client)))), "fault")
	want(t, w.authenticate(chain, w.form(map[string]string{"client_id": client.GetId()})), "fault")
	want(t, w.authenticate(chain, w.form(nil)), "401 invalid_client clientauth.missing")
}
