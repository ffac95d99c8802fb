package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/sandbox/envoybin"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func TestValidate(t *testing.T) {
	dir := sample.Folder(t)
	for _, test := range []struct {
		name    string
		replace []string
		code    int
		want    string // VERSION stands for the version
	}{
		{"a good file", nil, 0, "test.yaml: 8 routes, version VERSION, no errors, 0 warnings; no Envoy was asked\n"},
		{"a warning", []string{"bank: {address: \"127.0.0.1:8446\", timeout: 4s,", "bank: {address: \"127.0.0.1:8446\","}, 0, `
test.yaml:11:9: warning: upstreams.bank: has no timeout of its own: the default of 10s applies, which may not suit this server [upstream.no_timeout]
   11 |   bank: {address: "127.0.0.1:8446", tls: {ca: ca.pem, server_name: core.bank.example}}
      |         ^
test.yaml: 8 routes, version VERSION, no errors, 1 warning; no Envoy was asked
`},
		{"two errors", []string{"methods: [GET, POST]", "methods: [GET, PSOT]", "upstream: bank, plan", "upstream: bnak, plan"}, 1, `
test.yaml:20:162: error: routes[4] (account).upstream: no upstream has the name "bnak"
test.yaml:21:59: error: routes[5] (payments).methods[1]: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
`},
		{"what only lint finds", []string{"scopes: [payments]", "scopes: [paymnets]"}, 1, `
test.yaml:21:113: error: routes[5] (payments).scopes[0]: no directory in use has the scope "paymnets"; did you mean "payments"? [scope.unknown]
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := save(t, dir, "test.yaml", test.replace...)
			stdout, stderr, code := run(t, "validate", path, "--envoy", "none")
			if code != test.code || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			text, _, _ := run(t, "validate", "--envoy", "none", path, "--output", "json")
			var answer validation
			ok(t, json.Unmarshal([]byte(text), &answer))
			if answer.Valid != (code == 0) || answer.Errors+answer.Warnings != len(answer.Problems) || answer.File != path || answer.Valid != (answer.Version != "") {
				t.Errorf("as JSON it is %s", text)
			}
			have := stdout
			if answer.Version != "" {
				have = strings.ReplaceAll(have, config.Short(answer.Version), "VERSION")
			}
			if code == 0 {
				same(t, have, test.want, dir)
				return
			}
			have = strings.ReplaceAll(have, dir+"/", "")
			for want := range strings.Lines(strings.TrimSpace(test.want)) { // how it goes on is for package routes
				if !strings.Contains(have, strings.TrimSpace(want)) {
					t.Errorf("have:\n%s\nwant in it:\n%s", have, want)
				}
			}
			if !strings.HasSuffix(have, fmt.Sprintf("test.yaml is refused: %s, 0 warnings\n", count(answer.Errors, "error"))) {
				t.Errorf("it ends %s", have)
			}
		})
	}
}

func TestValidateWithoutAFile(t *testing.T) {
	stdout, _, code := run(t, "validate", filepath.Join(t.TempDir(), "none.yaml"))
	if code != 2 || !strings.Contains(stdout, "none.yaml is refused: open ") {
		t.Errorf("code %d, %s", code, stdout)
	}
}

// TestValidateAsksEnvoy: a real one, and ones that misbehave.
func TestValidateAsksEnvoy(t *testing.T) {
	dir := sample.Folder(t)
	binary, err := envoybin.Path(nil)
	ok(t, err)
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700))
		return path
	}
	path := filepath.Join(dir, "routes.yaml")
	t.Setenv("TMPDIR", t.TempDir())
	for _, test := range []struct {
		name, program, want string
		code                int
	}{
		{"it accepts the file", binary, "no errors, 0 warnings; " + binary + " accepts it\n", 0},
		{"it does not", script("refuses", `echo "[2026-11-21 12:00:00.000][1][critical][main] [source/server.cc:76] error initializing configuration '$4': no such thing" >&2; exit 1`),
			"is refused: envoy rejects the configuration: no such thing\n", 1},
		{"it says too much", script("talks", "yes words | head -c 100000 | tr -d '\\n'; exit 1"), "wordswordswords ...\n", 1},
		{"it is not there", filepath.Join(dir, "none"), "envoy cannot be asked: ", 1},
		{"it reads a private file", script("looks", `test "$(stat -c %a "$4")" = 600`), "accepts it\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "validate", "--envoy", test.program, path)
			if code != test.code || !strings.Contains(stdout, test.want) || len(stdout) > 2000 {
				t.Errorf("code %d, %s, %s", code, stdout, stderr)
			}
			if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
				t.Errorf("it leaves %v behind (%v)", left, err)
			}
		})
	}
}

func TestValidateFindsEnvoyOnPath(t *testing.T) {
	dir := sample.Folder(t)
	bin := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(bin, "envoy"), []byte("#!/bin/sh\nexit 0\n"), 0o700))
	for _, test := range []struct{ path, want string }{{bin, filepath.Join(bin, "envoy") + " accepts it"}, {t.TempDir(), "no Envoy was asked: envoy is not on PATH"}} {
		t.Setenv("PATH", test.path)
		stdout, stderr, code := run(t, "validate", filepath.Join(dir, "routes.yaml"))
		if code != 0 || !strings.Contains(stdout, test.want) {
			t.Errorf("code %d, %s, %s", code, stdout, stderr)
		}
	}
}
