package tpp

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

func TestRegister(t *testing.T) {
	b := newBank(t)
	o := b.register()
	if o.code != 0 || o.stdout != `{"client_id":"c1"}` || !strings.Contains(o.stderr, "201 Created") || !strings.Contains(o.stderr, "client_id c1, kept in client.json\n") {
		t.Fatalf("%+v", o)
	}
	if b.asked.Method != http.MethodPost || b.asked.URL.Path != "/register" || b.asked.Header.Get("Content-Type") != "application/jwt" || b.asked.Header.Get("Accept") != "application/json" {
		t.Errorf("%s %s %v", b.asked.Method, b.asked.URL, b.asked.Header)
	}
	if b.asked.TLS.PeerCertificates[0].Subject.CommonName != member.SoftwareID {
		t.Error("the transport certificate was not presented")
	}
	claims := verified(t, string(b.body))
	for name, want := range map[string]string{
		"iss": member.SoftwareID, "software_id": member.SoftwareID, "aud": "bank-org", "software_statement": member.Statement, "scope": "openid accounts payments",
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256", "application_type": "web",
		"id_token_signed_response_alg": "PS256", "request_object_signing_alg": "PS256",
	} {
		if got, err := claims.String(name); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
	if got, _ := claims.Strings("redirect_uris"); !slices.Equal(got, member.RedirectURIs) {
		t.Errorf("redirect_uris are %v", got)
	}
	iat, _ := claims.Int("iat")
	if exp, _ := claims.Int("exp"); exp-iat != 300 {
		t.Errorf("good for %d s, want 300", exp-iat)
	}
	if claims.Has("tls_client_auth_subject_dn") || claims.Has("client_id") {
		t.Error("a claim too many")
	}
}

func TestRegisterKeepsTheClient(t *testing.T) {
	b := newBank(t)
	b.register()
	info, err := os.Stat(b.file("client.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	count := b.count
	if o := b.register(); o.code != 2 || !strings.Contains(o.stderr, "client.json holds the client c1: first dcr-gateway tpp delete, or name another file with --client") || b.count != count {
		t.Errorf("a second registration would lose the first: %+v", o)
	}
	if o := b.register("--client", "other.json"); o.code != 0 {
		t.Errorf("%+v", o)
	}
}

func TestClaims(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want map[string]string // JSON; "" for a claim that must not be there
	}{
		{"TLS client authentication", []string{"--auth-method", "tls_client_auth"}, map[string]string{
			"token_endpoint_auth_method":      `"tls_client_auth"`,
			"tls_client_auth_subject_dn":      `"CN=` + member.SoftwareID + `,OU=` + member.OrgID + `,O=OpenBanking,C=GB"`,
			"token_endpoint_auth_signing_alg": "",
		}},
		{"a scope", []string{"--scope", "accounts"}, map[string]string{"scope": `"accounts"`}},
		{"version 3.1", []string{"--profile", "obie-3.1", "--auth-method", "tls_client_auth"}, map[string]string{
			"tls_client_auth_dn":              `"CN=` + member.SoftwareID + `,OU=` + member.OrgID + `,O=OpenBanking,C=GB"`,
			"tls_client_auth_subject_dn":      "",
			"token_endpoint_auth_signing_alg": `"PS256"`,
			"scope":                           `["openid","accounts","payments"]`,
		}},
		{"version 3.1 with a scope", []string{"--profile", "obie-3.1", "--scope", "accounts"}, map[string]string{
			"scope": `["accounts"]`, "tls_client_auth_dn": "", "token_endpoint_auth_signing_alg": `"PS256"`,
		}},
		{"version 3.4", []string{"--profile", "obie-3.4"}, map[string]string{"scope": `"openid accounts payments"`, "application_type": `"web"`}},
		{"claims replaced and added", []string{"--claim", `response_types=["code"]`, "--claim", `exp=1`, "--claim", `x={"y":null}`},
			map[string]string{"response_types": `["code"]`, "exp": "1", "x": `{"y":null}`}},
		{"claims left out", []string{"--omit", "jti", "--omit", "aud"}, map[string]string{"jti": "", "aud": ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBank(t)
			if o := b.register(test.args...); o.code != 0 {
				t.Fatalf("%+v", o)
			}
			wantClaims(t, verified(t, string(b.body)), test.want)
		})
	}
}

func wantClaims(t *testing.T, claims strictjson.Object, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got := string(claims[name]); got != text {
			t.Errorf("%s is %s, want %s", name, got, text)
		}
	}
}

func TestPrintSendsNothing(t *testing.T) {
	b := registered(t)
	count := b.count
	for _, verb := range [][]string{{"token"}, {"get"}, {"delete"}, {"update", "--ssa", holds["ssa.jwt"]}, {"call", b.server.URL + "/accounts"}} {
		o := b.tool(append([]string{verb[0], "--print"}, verb[1:]...)...)
		if o.code != 0 || !strings.Contains(o.stdout, `"method"`) {
			t.Errorf("%v: %+v", verb, o)
		}
		if strings.Contains(o.stdout, "secret-token") || strings.Contains(o.stdout, "PRIVATE") {
			t.Errorf("%v shows a secret", verb)
		}
	}
	o := b.register("--print")
	for _, want := range []string{`"kid": "` + member.SigningKeyID + `"`, `"software_roles": [`, `"aud": "bank-org"`} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("%s is not shown", want)
		}
	}
	if b.count != count {
		t.Error("something was sent")
	}
}

func TestWorld(t *testing.T) {
	b := newBank(t)
	fresh := member.Statement[:len(member.Statement)-4] + "AAAA" // any statement but the one in the file
	dir := b.world(fresh)
	b.status, b.answer = http.StatusCreated, `{"client_id":"c1"}`
	if o := b.tool("register", "--world", dir); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	if got, _ := verified(t, string(b.body)).String("software_statement"); got != fresh {
		t.Error("the statement is not fresh from the directory")
	}
	b.status, b.answer = http.StatusOK, `{"access_token":"t","expires_in":300}`
	if o := b.tool("token"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	b.answer = `{}`
	if o := b.tool("update"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	if claims := verified(t, string(b.body)); string(claims["client_id"]) != `"c1"` || string(claims["software_statement"]) != `"`+fresh+`"` {
		t.Error("the update is not of this client, with a fresh statement")
	}
	if o := b.tool("register", "--world", dir, "--tpp", "2", "--client", "x.json"); o.code != 2 || !strings.Contains(o.stderr, "--tpp 2: the sandbox has 1 software product for obie-3.3") {
		t.Errorf("%+v", o)
	}
}

// TestRawPrintsWhatWouldBeSent: the body alone, for lint and curl; nothing is sent or kept.
func TestRawPrintsWhatWouldBeSent(t *testing.T) {
	b := registered(t)
	count := b.count
	wantClaims(t, verified(t, b.register("--raw").stdout), map[string]string{"aud": `"bank-org"`})
	if o := b.tool("token", "--raw"); o.code != 0 || !strings.HasPrefix(o.stdout, "client_assertion=ey") {
		t.Errorf("%+v", o)
	}
	if o := b.tool("get", "--raw"); o.code != 2 || !strings.Contains(o.stderr, "this request has no body: --print shows it") {
		t.Errorf("%+v", o)
	}
	if b.count != count {
		t.Error("something was sent")
	}
}

// TestDryRunKeepsNothing: the bank checks everything, and client.json stays as it is.
func TestDryRunKeepsNothing(t *testing.T) {
	b := newBank(t)
	if o := b.register("--dry-run"); o.code != 0 || b.asked.Header.Get("Prefer") != "dry-run" {
		t.Errorf("%+v, Prefer %q", o, b.asked.Header.Get("Prefer"))
	}
	if _, err := os.Stat(b.file("client.json")); err == nil {
		t.Error("a dry run has left a client.json")
	}
	b = registered(t)
	if o := b.register("--dry-run"); o.code != 0 {
		t.Errorf("a dry run beside a registration: %+v", o)
	}
	if o := b.tool("update", "--ssa", holds["ssa.jwt"], "--dry-run"); o.code != 0 || b.asked.Header.Get("Prefer") != "dry-run" || b.asked.Method != http.MethodPut {
		t.Errorf("%+v", o)
	}
}

// TestAStatementWithOtherNames: what a request cannot be made of is said before it is sent.
func TestAStatementWithOtherNames(t *testing.T) {
	b := newBank(t)
	other, err := framework.Statement(member.SoftwareID, directory.Changes{Omit: []string{"software_id"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.file("other.jwt"), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	count := b.count
	if o := b.register("--ssa", "other.jwt"); o.code != 2 || !strings.Contains(o.stderr, `the statement has no software_id: --claim 'iss="..."'`) || b.count != count {
		t.Errorf("%+v", o)
	}
	for _, flags := range [][]string{{"--claim", `iss="x"`}, {"--omit", "iss"}} {
		if o := b.register(append(flags, "--ssa", "other.jwt", "--client", flags[0][2:])...); o.code != 0 {
			t.Errorf("%+v", o)
		}
	}
}

// TestTheIssuerIsThatOfDiscovery, although other flags name the endpoints.
func TestTheIssuerIsThatOfDiscovery(t *testing.T) {
	b := newBank(t)
	if o := b.register("--registration-endpoint", b.server.URL+"/register", "--token-endpoint", b.server.URL+"/token"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	b.status, b.answer = http.StatusOK, `{"access_token":"t","expires_in":300}`
	if o := b.tool("token"); o.code != 0 {
		t.Fatalf("%+v", o)
	}
	form, err := url.ParseQuery(string(b.body))
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, verified(t, form.Get("client_assertion")), map[string]string{"aud": `"https://bank.example"`})
}

func TestAnswersArePrettyOnATerminal(t *testing.T) {
	for _, c := range []struct {
		body     string
		terminal bool
		want     string
	}{
		{`{"a":{"b":[1]}}`, false, `{"a":{"b":[1]}}` + "\n"},
		{`{"a":{"b":[1]}}`, true, "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n"},
		{"<html>", true, "<html>\n"},
		{"", true, ""},
	} {
		if got := written([]byte(c.body), c.terminal); string(got) != c.want {
			t.Errorf("%q, on a terminal %t: %q", c.body, c.terminal, got)
		}
	}
}
