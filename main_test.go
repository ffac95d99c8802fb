package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
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
		{"help", []string{"--help"}, 0, "Decide about requests", ""},
		{"help as a command", []string{"help", "routes", "validate"}, 0, "usage: dcr-gateway routes validate [flags] FILE", ""},
		{"version as a flag", []string{"--version"}, 0, version, ""},
		{"a completion", []string{"complete", "--", "routes", "va"}, 0, "validate\n", ""},
		{"no such command", []string{"gat"}, 2, "", `unknown command "gat"; did you mean gate?`},
		{"version", []string{"version"}, 0, version, ""},
		{"help of a command", []string{"gate", "-h"}, 0, "", ""},
		{"a flag that is not there", []string{"registry", "--nothing"}, 2, "", ""},
		{"keys without a verb", []string{"keys"}, 2, "", "rotate"},
		{"routes without a verb", []string{"routes"}, 2, "", "validate FILE"},
		{"a file with a misspelt key", []string{"routes", "validate", broken}, 1, "did you mean routes?", ""},
		{"a gate without a Redis", []string{"gate", "--routes", broken}, 2, "", "name the Redis"},
		{"a file that is not there", []string{"routes", "validate", broken + ".none"}, 2, "no such file", ""},
		{"a file to render that is not there", []string{"routes", "render", broken + ".none"}, 2, "", "no such file"},
		{"files to compare that are not there", []string{"routes", "diff", broken + ".none", broken}, 2, "", "no such file"},
		{"a route in a file that is not there", []string{"routes", "explain", "GET", "/a", "--routes", broken + ".none"}, 2, "", "no such file"},
		{"a log that is not there", []string{"explain", "3f6c2f0a-5b1e-4a52-8c41-0e6a1c1f9b10", "--log", broken + ".none"}, 2, "", "no such file"},
		{"a request that is not there", []string{"lint", broken + ".none"}, 2, "", "no such file"},
		{"the version for a script", []string{"version", "--output", "json"}, 0, `"version": "` + version + `"`, ""},
		{"dn without a verb", []string{"dn"}, 2, "", "compare A B"},
		{"two names", []string{"dn", "compare", "CN=a", "CN=b"}, 1, "not the same name", ""},
		{"ssa without a verb", []string{"ssa"}, 2, "", "show FILE"},
		{"an invalid request", []string{"lint", broken}, 1, "request.jws", ""},
		{"the cases of a bank's conformance", []string{"conform", "--list"}, 0, "REG-01  ", ""},
		{"conform without a bank", []string{"conform"}, 2, "", "missing: --cert"},
		{"render says what is wrong too", []string{"routes", "render", broken}, 1, "", "routs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := program().Main(t.Context(), test.arguments, &stdout, &stderr); code != test.code {
				t.Errorf("exit code %d, want %d: %s", code, test.code, stderr.String())
			}
			if !strings.Contains(stdout.String(), test.out) || !strings.Contains(stderr.String(), test.err) {
				t.Errorf("got %q and %q, want %q and %q", stdout.String(), stderr.String(), test.out, test.err)
			}
		})
	}
}

// TestHelp walks the whole tree: each command that people type has a sentence, an example and flags that name their
// values, and prints its help to standard output.
func TestHelp(t *testing.T) {
	var walk func(c cli.Command, path []string)
	walk = func(c cli.Command, path []string) {
		for _, next := range c.Commands {
			if !next.Hidden {
				walk(next, append(slices.Clone(path), next.Name))
			}
		}
		name := strings.Join(append([]string{"dcr-gateway"}, path...), " ")
		if c.Summary == "" || strings.HasSuffix(c.Summary, ".") || c.Setup != nil && c.Example == "" {
			t.Errorf("%s needs a summary without a full stop, and an example", name)
		}
		var stdout, stderr bytes.Buffer
		if code := program().Main(t.Context(), append(slices.Clone(path), "--help"), &stdout, &stderr); code != 0 || stderr.Len() > 0 || !strings.Contains(stdout.String(), c.Summary) {
			t.Errorf("%s --help: code %d, %s%s", name, code, &stdout, &stderr)
		}
		if c.Setup == nil {
			return
		}
		if code := program().Main(t.Context(), append(slices.Clone(path), "--no-such-flag"), &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "unknown flag --no-such-flag") {
			t.Errorf("%s with a wrong flag: code %d, %s", name, code, &stderr)
		}
		flags := flag.NewFlagSet(name, flag.ContinueOnError)
		c.Setup(flags)
		flags.VisitAll(func(f *flag.Flag) {
			if value, text := flag.UnquoteUsage(f); text == "" || value != strings.ToUpper(value) {
				t.Errorf("%s --%s must name its value in capitals, and say what it does: %q", name, f.Name, f.Usage)
			}
		})
	}
	walk(program(), nil)
}
