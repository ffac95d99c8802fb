package tpp

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

func TestTokenWithAnAssertion(t *testing.T) {
	b := registered(t)
	form, err := url.ParseQuery(string(b.body))
	if err != nil {
		t.Fatal(err)
	}
	if b.asked.URL.Path != "/token" || form.Get("grant_type") != "client_credentials" || form.Get("scope") != "accounts" || form.Has("client_id") ||
		form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		t.Errorf("%s %s", b.asked.URL, b.body)
	}
	wantClaims(t, verified(t, form.Get("client_assertion")), map[string]string{"iss": `"c1"`, "sub": `"c1"`, "aud": `"https://bank.example"`})
	if b.tool("token", "--assertion-aud", "https://other.example").code != 0 {
		t.Fatal("no token")
	}
	form, _ = url.ParseQuery(string(b.body))
	wantClaims(t, verified(t, form.Get("client_assertion")), map[string]string{"aud": `"https://other.example"`})
}

func TestTokenWithTheCertificateAlone(t *testing.T) {
	b := registered(t, "--auth-method", "tls_client_auth")
	if got, want := string(b.body), "client_id=c1&grant_type=client_credentials&scope=accounts"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestVerbs(t *testing.T) {
	tests := []struct {
		name, method, path string
		args               []string
		status             int
	}{
		{"get", http.MethodGet, "/register/c1", []string{"get"}, http.StatusOK},
		{"update", http.MethodPut, "/register/c1", []string{"update", "--ssa", holds["ssa.jwt"]}, http.StatusOK},
		{"delete", http.MethodDelete, "/register/c1", []string{"delete"}, http.StatusNoContent},
	}
	b := registered(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.t, b.status, b.answer = t, test.status, ""
			if o := b.tool(test.args...); o.code != 0 {
				t.Fatalf("%+v", o)
			}
			if b.asked.Method != test.method || b.asked.URL.Path != test.path || b.asked.Header.Get("Authorization") != "Bearer secret-token" {
				t.Errorf("%s %s %v", b.asked.Method, b.asked.URL, b.asked.Header)
			}
		})
	}
	b.t = t
	for _, args := range [][]string{{"token"}, {"get"}, {"update", "--ssa", holds["ssa.jwt"]}, {"delete"}, {"call", b.server.URL + "/accounts"}} {
		count := b.count
		if o := b.tool(args...); o.code != 2 || !strings.Contains(o.stderr, "the client c1 was deleted: register again (dcr-gateway tpp register)") || b.count != count {
			t.Errorf("%v of a deleted client: %+v", args, o)
		}
	}
	if text, err := os.ReadFile(b.file("client.json")); err != nil || strings.Contains(string(text), "secret-token") {
		t.Errorf("the token of a deleted client is kept: %s %v", text, err)
	}
	if o := b.register(); o.code != 0 {
		t.Errorf("what is deleted may be registered again: %+v", o)
	}
}

func TestCall(t *testing.T) {
	b := registered(t)
	b.status, b.answer = http.StatusOK, `{"Data":{}}`
	if o := b.tool("call", "--method", "POST", b.server.URL+"/accounts?x=1"); o.code != 0 || o.stdout != `{"Data":{}}` {
		t.Fatalf("%+v", o)
	}
	if b.asked.Method != http.MethodPost || b.asked.URL.String() != "/accounts?x=1" || b.asked.Header.Get("Authorization") != "Bearer secret-token" {
		t.Errorf("%s %s", b.asked.Method, b.asked.URL)
	}
}

func TestARefusalIsExplained(t *testing.T) {
	tests := []struct {
		name, answer string
		header       http.Header
		want         []string
	}{
		{
			"with its rules", `{"error":"invalid_redirect_uri","error_description":"use https","error_details":[{"rule":"redirect_uris.https","pointer":"/redirect_uris/0"}]}`,
			http.Header{"X-Fapi-Interaction-Id": {"id-1"}},
			[]string{"400 Bad Request", "refused: invalid_redirect_uri: use https", "rule redirect_uris.https, /redirect_uris/0", "x-fapi-interaction-id id-1"},
		},
		{
			"with several findings",
			`{"error":"invalid_client_metadata","error_description":"the first of 2","error_details":[` +
				`{"rule":"audience","pointer":"/aud","clause":"DCR 3.3, aud","description":"name this bank"},{"rule":"scope.unknown","description":"ask for less"}]}`,
			nil,
			[]string{"  rule audience, /aud, DCR 3.3, aud\n    name this bank\n", "  rule scope.unknown\n    ask for less\n"},
		},
		{"with a challenge only", "", http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}, []string{`refused: Bearer error="invalid_token"`}},
		{"without a word", "<html>", nil, []string{"400 Bad Request"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := registered(t)
			b.status, b.answer, b.header = http.StatusBadRequest, test.answer, test.header
			o := b.tool("get")
			if o.code != 1 || o.stdout != test.answer {
				t.Errorf("%+v, want exit code 1 and the bank's body", o)
			}
			for _, want := range test.want {
				if !strings.Contains(o.stderr, want) {
					t.Errorf("%q is not in %q", want, o.stderr)
				}
			}
		})
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	b := registered(t)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "a command is missing"},
		{"no such verb", []string{"dance"}, `unknown command "dance"`},
		{"no such flag", []string{"get", "--dance"}, "unknown flag --dance"},
		{"an argument too many", []string{"get", "x"}, "unexpected argument"},
		{"call without a URL", []string{"call"}, "URL is missing"},
		{"a client that is not there", []string{"get", "--client", "nobody.json"}, "register first"},
		{"no bank", []string{"register", "--client", "x", "--cert", holds["transport.pem"], "--key", holds["transport.key"]}, "name the bank"},
		{"no certificate", []string{"register", "--client", "x"}, "--cert FILE --key FILE"},
		{"no statement", append([]string{"register", "--client", "x"}, b.flags()...), "--ssa FILE"},
		{"an unknown method", append([]string{"register", "--client", "x", "--auth-method", "none"}, b.flags()...), "--auth-method is"},
		{"an unknown version", append([]string{"register", "--client", "x", "--profile", "obie31"}, b.flags()...), "--profile is one of obie-3.3, obie-3.1, obie-3.2"},
		{"nothing that can be broken", []string{"register", "--world", "x", "--break", "dance"}, "nothing is called dance"},
		{"breaking without a sandbox", []string{"register", "--break", "unsigned"}, "in a sandbox only"},
		{"breaking at another bank", append([]string{"register", "--break", "unsigned", "--world", "x"}, b.flags()...), "in a sandbox only"},
		{"breaking without a world", []string{"register", "--break", "unsigned", "--world", "x"}, "the sandbox: "},
		{"breaking what is not a registration", []string{"get", "--break", "unsigned"}, "unknown flag --break"},
		{"a claim that is no JSON", []string{"update", "--claim", "scope=accounts"}, "is not JSON"},
		{"a bank that is not there", []string{"call", "https://127.0.0.1:1/"}, "connect"},
		{"a bank whose CA we do not know", []string{"get", "--ca", holds["transport.pem"]}, "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			count := b.count
			o := b.tool(test.args...)
			if o.code != 2 || !strings.Contains(o.stderr, test.want) {
				t.Errorf("%+v, want exit code 2 and %q", o, test.want)
			}
			if b.count != count {
				t.Error("the bank was asked")
			}
		})
	}
}

func TestHelp(t *testing.T) {
	b := newBank(t)
	for _, args := range [][]string{{"-h"}, {"--help"}, {"register", "-h"}} {
		if o := b.tool(args...); o.code != 0 || !strings.Contains(o.stdout, "usage: ") {
			t.Errorf("%v: %+v", args, o)
		}
	}
}
