package tpp

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

func TestEveryShippedProfileIsKnown(t *testing.T) {
	for _, name := range profile.Names() {
		if !slices.Contains(dcrclient.Profiles(), name) {
			t.Errorf("a TPP does not know %s", name)
		}
	}
}

// What the requests of a profile have that those of OBIE have not.
func TestProfiles(t *testing.T) {
	b := newBank(t)
	if o := b.register("--profile", "generic-0.1"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	wantClaims(t, verified(t, string(b.body)), map[string]string{
		"grant_types": `["authorization_code","client_credentials","refresh_token","urn:ietf:params:oauth:grant-type:jwt-bearer"]`, "scope": `"openid accounts payments"`,
		"id_token_encrypted_response_alg": `"RSA-OAEP"`, "id_token_encrypted_response_enc": `"A256GCM"`,
	})
}

func TestAPlainRequest(t *testing.T) {
	b := newBank(t)
	if o := b.register("--profile", "is-json", "--registration-endpoint", b.server.URL+"/register/"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	claims, err := strictjson.Parse(b.body)
	if err != nil || b.asked.Header.Get("Content-Type") != "application/json" || b.asked.URL.Path != "/register/" {
		t.Fatalf("%v %s %v", err, b.asked.URL, b.asked.Header)
	}
	name := `"Sandbox TPP ` + member.SoftwareID[:4] + `"`
	wantClaims(t, claims, map[string]string{
		"iss": `"` + member.SoftwareID + `"`, "software_statement": `"` + member.Statement + `"`, "scope": `"openid accounts payments"`,
		"client_name": name, "ext_application_display_name": name, "jwks_uri": `"` + member.JWKS + `"`, "token_type_extension": `"JWT"`,
		"tls_client_certificate_bound_access_tokens": "true", "require_signed_request_object": "true", "token_endpoint_allow_reuse_pvt_key_jwt": "false",
	})
	shown := b.tool(append([]string{"register", "--client", "x.json", "--print", "--profile", "is-json", "--ssa", holds["ssa.jwt"], "--aud", "bank-org"}, b.flags()...)...)
	if shown.code != 0 || !strings.Contains(shown.stdout, `"json": {`) || !strings.Contains(shown.stdout, `"software_roles": [`) {
		t.Errorf("%+v", shown)
	}
	b.status, b.answer = http.StatusOK, `{"access_token":"t","expires_in":300}`
	if o := b.tool("token"); o.code != 0 || strings.Contains(string(b.body), "scope=") {
		t.Errorf("%+v %s", o, b.body)
	}
	b.answer = "{}"
	if o := b.tool("update", "--ssa", holds["ssa.jwt"]); o.code != 0 || b.asked.URL.Path != "/register/c1" || b.asked.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v %s", o, b.asked.URL)
	}
}

// abroad adds Australia's register to a sandbox, with one TPP whose papers are in the folder far.
func (b *aBank) abroad(dir string) *directory.Member {
	b.t.Helper()
	register, err := directory.CDR().Create(filepath.Join(dir, "directory"), "https://register.example")
	if err != nil {
		b.t.Fatal(err)
	}
	server := httptest.NewTLSServer(register.Handler())
	b.t.Cleanup(server.Close)
	far, err := register.Enrol(directory.Order{})
	if err != nil {
		b.t.Fatal(err)
	}
	theirs := *far
	if err := os.Mkdir(filepath.Join(dir, "far"), 0o700); err != nil {
		b.t.Fatal(err)
	}
	for name, paper := range map[string]*string{"transport.pem": &theirs.TransportCert, "transport.key": &theirs.TransportKey, "signing.key": &theirs.SigningKey, "ssa.jwt": &theirs.Statement} {
		if err := os.WriteFile(filepath.Join(dir, "far", name), []byte(*paper), 0o600); err != nil {
			b.t.Fatal(err)
		}
		*paper = "far/" + name
	}
	world, err := worldfile.Read(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	world.Registrations = map[string]string{"obie-3.3": world.Registration, "obie-3.1": b.server.URL + "/3.1", "is-json": b.server.URL + "/json/", "cdr-au": b.server.URL + "/cdr"}
	world.Others = map[string]worldfile.Papers{"cdr-au": {
		Audience: "https://bank.example", TPPs: []directory.Member{theirs}, Directory: worldfile.Directory{API: server.URL + "/cdr-register", CA: "ca.pem"},
	}}
	writeWorld(b.t, dir, world)
	return far
}

func TestARegistrationAbroad(t *testing.T) {
	b := newBank(t)
	dir := b.world("")
	far := b.abroad(dir)
	b.status, b.answer = http.StatusCreated, `{"client_id":"c1"}`
	if o := b.tool("register", "--world", dir, "--profile", "cdr-au"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	jwt, is := readable(string(b.body)).(*decoded)
	if !is || b.asked.URL.Path != "/cdr" || b.asked.TLS.PeerCertificates[0].Subject.OrganizationalUnit[0] != "Consumer Data Right" {
		t.Fatalf("%s %s", b.body, b.asked.URL)
	}
	claims := jwt.Claims
	if claims["iss"] != far.SoftwareID || claims["aud"] != "https://bank.example" || claims["authorization_signed_response_alg"] != "PS256" ||
		claims["response_types"].([]any)[0] != "code" || claims["redirect_uris"].([]any)[0] != far.RedirectURIs[0] || claims["scope"] != nil {
		t.Errorf("%v", claims)
	}
	statement, _ := claims["software_statement"].(*decoded)
	if statement == nil || statement.Claims["iss"] != "cdr-register" {
		t.Error("the statement is not the register's")
	}
	b.status, b.answer = http.StatusOK, `{"access_token":"t","expires_in":300}`
	for scope, args := range map[string][]string{"cdr:registration": {"token"}, "bank:accounts.basic:read": {"token", "--scope", "bank:accounts.basic:read"}} {
		if o := b.tool(args...); o.code != 0 {
			t.Fatalf("%+v", o)
		}
		if form, err := url.ParseQuery(string(b.body)); err != nil || form.Get("scope") != scope {
			t.Errorf("asks for %s, want %s", b.body, scope)
		}
	}
	if o := b.tool("update", "--scope", "openid"); o.code != 2 || !strings.Contains(o.stderr, "cdr-au has no scope") {
		t.Errorf("%+v", o)
	}
	b.answer = "{}"
	if o := b.tool("update"); o.code != 0 || b.asked.URL.Path != "/cdr/c1" {
		t.Errorf("%+v %s", o, b.asked.URL)
	}
}

func TestAnotherProfileOfTheSandbox(t *testing.T) {
	b := newBank(t)
	dir := b.world(member.Statement)
	b.abroad(dir)
	b.status, b.answer = http.StatusCreated, `{"client_id":"c1"}`
	if o := b.tool("register", "--world", dir, "--profile", "obie-3.1"); o.code != 0 || b.asked.URL.Path != "/3.1" {
		t.Errorf("%+v %s", o, b.asked.URL)
	}
	if o := b.tool("register", "--world", dir, "--profile", "obie-3.2", "--client", "x.json"); o.code != 2 || !strings.Contains(o.stderr, "the sandbox has no profile obie-3.2; it has cdr-au, is-json, obie-3.1, obie-3.3") {
		t.Errorf("%+v", o)
	}
}
