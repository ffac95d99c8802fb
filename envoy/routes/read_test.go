package routes_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

func TestReadFillsDefaults(t *testing.T) {
	file, err := routes.Read("testdata/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	register, token, accounts := file.Route("register"), file.Route("token"), file.Route("accounts")
	for _, c := range []struct {
		name       string
		have, want any
	}{
		{"lifetime", file.Tokens.Lifetime, 5 * time.Minute},
		{"listener", register.Listener, "mtls"},
		{"upstream of an endpoint", register.Upstream, "registry"},
		{"timeout of the upstream", register.Timeout, 5 * time.Second},
		{"default timeout of an upstream", file.Upstreams["bank"].Timeout, 10 * time.Second},
		{"own timeout", accounts.Timeout, 700 * time.Millisecond},
		{"body limit", register.BodyLimit, routes.MaxBody},
		{"body limit of a form", token.BodyLimit, routes.Size(16 << 10)},
		{"own body limit", accounts.BodyLimit, routes.Size(512)},
		{"token is kept", accounts.Token, true},
		{"token is removed", register.Token, false},
		{"needs", accounts.Needs("scope"), true},
		{"does not need", accounts.Needs("owner"), false},
		{"no such route", file.Route("nobody") == nil, true},
	} {
		if c.have != c.want {
			t.Errorf("%s: have %v, want %v", c.name, c.have, c.want)
		}
	}
}

func TestReadKnowsWhereItIs(t *testing.T) {
	file, err := routes.Read("testdata/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	source, _ := os.ReadFile("testdata/routes.yaml")
	sum := sha256.Sum256(source)
	if want := hex.EncodeToString(sum[:])[:16]; file.Version != want {
		t.Errorf("version: have %s, want %s", file.Version, want)
	}
	dir, _ := filepath.Abs("testdata")
	if have, want := file.Abs("server.pem"), filepath.Join(dir, "server.pem"); have != want {
		t.Errorf("abs: have %s, want %s", have, want)
	}
	if have := file.Abs("/etc/server.pem"); have != "/etc/server.pem" {
		t.Errorf("abs of an absolute name: have %s", have)
	}
}

// edit returns the name of a copy of testdata/routes.yaml in which one text stands for another.
func edit(t *testing.T, from, to string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "routes.yaml")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(source), from, to, 1)
	if edited == string(source) {
		t.Fatalf("%q is not in the file", from)
	}
	if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadRefusesWhatIsNotTheFile(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown key", "    token: true", "    tokn: true", `[56:5] unknown field "tokn"`},
		{"key in capitals", "    token: true", "    Token: true", `[56:5] unknown field "Token"`},
		{"duplicate key", "issuer:", "issuer: https://other\nissuer:", `[2:1] mapping key "issuer" already defined`},
		{"string for bool", "token: true", "token: maybe", "[56:12]"},
		{"map for list", "methods: [POST]", "methods: {POST: yes}", "[30:14]"},
		{"bad duration", "700ms", "soon", "54:14: routes[5].timeout: must have a unit"},
		{"size without unit", "512B", `"512"`, "55:17: routes[5].body_limit: must have a unit"},
		{"size too long", "512B", "99999999KiB", "55:17: routes[5].body_limit: must have a unit"},
		{"second document", "auth_methods:", "---\nauth_methods:", "holds more than one YAML document"},
		{"octal audience", `"0015800001HQQrZAAX"`, "0010", "2:13: audiences[0]: is a number here"},
		{"version as a number", "path: /oauth2/token", "path: 1.10", "routes[3].path: is a number here"},
		{"empty value", "    timeout: 700ms", "    timeout:", "routes[5].timeout: has no value"},
		{"not YAML", "issuer:", "issuer: [", "["},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := routes.Read(edit(t, c.from, c.to))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("have %v, want %s", err, c.want)
			}
		})
	}
}

func TestReadRefusesNothingAndTooMuch(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
	}{
		{"empty", "", "is empty"},
		{"comment only", "# nothing\n", "is empty"},
		{"too large", strings.Repeat("#\n", 1<<19) + "\n", "is larger than 1024 KiB"},
	} {
		path := filepath.Join(t.TempDir(), "routes.yaml")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := routes.Read(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := routes.Read("testdata/none.yaml"); !os.IsNotExist(err) {
		t.Errorf("no file: have %v", err)
	}
}
