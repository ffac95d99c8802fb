package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const (
	issuer     = "https://as.example"
	mtls       = "https://mtls.example"
	audience   = "https://rs.example"
	thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
	collection = "/open-banking/v3.3/register"
	formType   = "application/x-www-form-urlencoded"
)

// versionID names the one version that the gate of these tests decides by.
var versionID = strings.Repeat("0a", 32)

// world is a registry on a real Redis, and a gate's signer whose facts it takes.
type world struct {
	t        *testing.T
	redis    *redisserver.Server
	store    *store.Store
	gate     *facts.Signer
	version  *config.Version
	registry *Registry
	edition  *edition

	forgetVersion func(id string) error // takes a version out of Redis
	log           *testkit.Log
}

func newWorld(t *testing.T, changes ...func(*config.Version)) *world {
	t.Helper()
	w := &world{t: t, log: &testkit.Log{}}
	w.store, w.redis = testbed.Store(t)
	client, err := redis.Open(w.redis.URL)
	w.must(err)
	t.Cleanup(func() { _ = client.Close() })
	w.forgetVersion = func(id string) error { return client.Del(t.Context(), "dcr:version:"+id).Err() }
	w.gate = w.newGate()
	w.version = w.sampleVersion()
	for _, change := range changes {
		change(w.version)
	}
	w.registry = New(w.parts())
	w.registry.open = func(_ context.Context, id string) (*config.Version, error) {
		if id != versionID {
			return nil, store.ErrNotFound
		}
		return w.version, nil
	}
	w.edition, err = w.registry.edition(t.Context(), versionID)
	w.must(err)
	return w
}

// in returns the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	inner := *w
	inner.t = t
	return &inner
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// newGate returns the signer of a gate that has published its key.
func (w *world) newGate() *facts.Signer {
	w.t.Helper()
	gate, err := facts.NewSigner()
	w.must(err)
	_, err = w.store.Publish(w.t.Context(), store.FactsKey(gate.KeyID(), gate.JWK(), time.Hour))
	w.must(err)
	return gate
}

func (w *world) parts() Parts {
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	return Parts{Store: w.store, Rings: token.NewRings(w.t.Context(), w.store, true, log, nil), Log: log, Now: time.Now}
}

func (w *world) sampleVersion() *config.Version {
	t := w.t
	t.Helper()
	obie, err := profile.Load("obie-3.3")
	if err != nil {
		t.Fatal(err)
	}
	uk, err := directory.Shipped("openbanking-uk")
	if err != nil {
		t.Fatal(err)
	}
	one := collection + "/{ClientId}"
	return &config.Version{
		Directories: []*directory.Directory{{Directory: uk}}, Profiles: map[string]*dcr.Profile{obie.Name: obie},
		File: &routes.File{
			Issuer: issuer, Audiences: []string{"bank"}, AuthMethods: []string{"private_key_jwt", "tls_client_auth"}, Tokens: routes.Tokens{Audience: audience, Lifetime: 5 * time.Minute, Keys: []string{testbed.TokenKey(t)}},
			Listeners: map[string]routes.Listener{"mtls": {URL: mtls}, "public": {URL: issuer}},
			Routes: []routes.Route{
				{Name: "register", Methods: []string{"POST"}, Path: collection, Endpoint: routes.EndpointRegistration, Profile: obie.Name, Listener: "mtls"},
				{Name: "client", Methods: []string{"GET", "DELETE"}, Path: one, Endpoint: routes.EndpointRegistration, Profile: obie.Name, Listener: "mtls"},
				{Name: "client-update", Methods: []string{"PUT"}, Path: one, Endpoint: routes.EndpointRegistration, Profile: obie.Name, Listener: "mtls"},
				{Name: "token", Methods: []string{"POST"}, Path: "/token", Endpoint: routes.EndpointToken, Listener: "mtls"},
				{Name: "revoke", Methods: []string{"POST"}, Path: "/revoke", Endpoint: routes.EndpointRevocation, Listener: "mtls"},
				{Name: "introspect", Methods: []string{"POST"}, Path: "/introspect", Endpoint: routes.EndpointIntrospection, Listener: "mtls"},
				{Name: "jwks", Methods: []string{"GET"}, Path: "/jwks", Endpoint: routes.EndpointJWKS, Listener: "public"},
				{Name: "facts-keys", Methods: []string{"GET"}, Path: "/facts/jwks", Endpoint: routes.EndpointFactsKeys, Listener: "public"},
				{Name: "discovery", Methods: []string{"GET"}, Path: "/.well-known/openid-configuration", Endpoint: routes.EndpointDiscovery, Listener: "public"},
				{Name: "accounts", Methods: []string{"GET"}, Path: "/accounts", Upstream: "bank", Listener: "mtls"},
			},
		},
	}
}

// call is a request that the gate has let on.
type call struct {
	route, method, target string
	contentType, body     string
	facts                 func(*dcrpb.Facts) // before they are signed
	after                 func(*http.Request)
}

// reply is an answer, its body read as JSON where it is JSON.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// rule is the id of the rule that refused.
func (r reply) rule() string {
	details, _ := r.json["error_details"].([]any)
	if len(details) != 1 {
		return ""
	}
	rule, _ := details[0].(map[string]any)["rule"].(string)
	return rule
}

func (w *world) do(c call) reply {
	w.t.Helper()
	incoming := httptest.NewRequestWithContext(w.t.Context(), c.method, c.target, strings.NewReader(c.body))
	if c.contentType != "" {
		incoming.Header.Set("Content-Type", c.contentType)
	}
	proved := bound(c)
	if c.facts != nil {
		c.facts(proved)
	}
	incoming.Header.Set("X-Dcr-Facts", w.sign(w.gate, proved))
	if c.after != nil {
		c.after(incoming)
	}
	return w.serve(incoming)
}

func (w *world) sign(gate *facts.Signer, proved *dcrpb.Facts) string {
	w.t.Helper()
	compact, err := gate.Sign(proved)
	w.must(err)
	return compact
}

func (w *world) serve(incoming *http.Request) reply {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.registry.ServeHTTP(recorder, incoming)
	got := reply{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
	if got.header.Get("Content-Type") == "application/json" {
		w.must(json.Unmarshal(recorder.Body.Bytes(), &got.json))
	}
	return got
}

// bound returns facts of now about the call's method, path and body.
func bound(c call) *dcrpb.Facts {
	digest := sha256.Sum256([]byte(c.body))
	return &dcrpb.Facts{
		Iat: uint32(time.Now().Unix()), Exp: uint32(time.Now().Unix() + 30), Jti: rand.Text(), Route: c.route, Version: versionID,
		Request: &dcrpb.RequestFacts{Method: c.method, Path: c.target, BodySha256: base64.RawURLEncoding.EncodeToString(digest[:])},
	}
}
