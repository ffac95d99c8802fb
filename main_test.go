package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "routes.yaml")
	if err := os.WriteFile(broken, []byte("issuer: https://bank.example\nrouts: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DCR_REDIS_URL", "")
	for _, test := range []struct {
		name      string
		arguments []string
		code      int
		out, err  string // what must be in the outputs
	}{
		{"nothing", nil, 2, "", "usage: dcr-gateway COMMAND"},
		{"no such command", []string{"gat"}, 2, "", "decide about requests"},
		{"version", []string{"version"}, 0, version, ""},
		{"help of a command", []string{"gate", "-h"}, 0, "", ""},
		{"a flag that is not there", []string{"registry", "--nothing"}, 2, "", ""},
		{"keys without a verb", []string{"keys"}, 2, "", "keys rotate"},
		{"routes without a verb", []string{"routes"}, 2, "", "validate FILE"},
		{"a file with a misspelt key", []string{"routes", "validate", broken}, 1, "did you mean routes?", ""},
		{"a gate without a Redis", []string{"gate", "--routes", broken}, 2, "", "name the Redis"},
		{"a file that is not there", []string{"routes", "validate", broken + ".none"}, 1, "no such file", ""},
		{"dn without a verb", []string{"dn"}, 2, "", "dn compare"},
		{"two names", []string{"dn", "compare", "CN=a", "CN=b"}, 1, "not the same name", ""},
		{"ssa without a verb", []string{"ssa"}, 2, "", "ssa show"},
		{"a request that is none", []string{"lint", broken}, 1, "request.jws", ""},
		{"the cases of a bank's conformance", []string{"conform", "--list"}, 0, "REG-01  ", ""},
		{"conform without a bank", []string{"conform"}, 2, "", "what is missing: --cert"},
		{"render says what is wrong too", []string{"routes", "render", broken}, 1, "", "routs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := execute(t.Context(), test.arguments, &stdout, &stderr); code != test.code {
				t.Errorf("exit code %d, want %d: %s", code, test.code, stderr.String())
			}
			if !strings.Contains(stdout.String(), test.out) || !strings.Contains(stderr.String(), test.err) {
				t.Errorf("got %q and %q, want %q and %q", stdout.String(), stderr.String(), test.out, test.err)
			}
		})
	}
}
