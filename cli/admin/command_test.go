package admin

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"no verb", nil, "explain METHOD URL"},
		{"an invalid verb", []string{"explian"}, "did you mean explain?"},
		{"no file", []string{"validate"}, "usage: dcr-gateway routes validate [flags] FILE"},
		{"one file of two", []string{"diff", "a"}, "usage: dcr-gateway routes diff [flags] OLD NEW"},
		{"a file too many", []string{"schema", "a"}, `unexpected argument "a"`},
		{"a schema of nothing", []string{"schema", "--of", "bank"}, "must be routes, directory or profile"},
		{"an invalid flag", []string{"validate", "--fast", "a"}, "unknown flag --fast"},
		{"an invalid form", []string{"validate", "--output", "xml", "a"}, "want text or json"},
		{"both", []string{"render", "--static", "--defaults", "a"}, "--static and --defaults exclude each other"},
		{"no URL", []string{"explain", "GET"}, "usage: dcr-gateway routes explain [flags] METHOD URL"},
		{"an invalid gate", []string{"status", "--gate", "here"}, "must be unix:PATH"},
		{"not an entry", []string{"rollback", "0"}, "N must be the number of an entry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, test.arguments...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("code %d, %q, %q", code, stdout, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, arguments := range [][]string{{"-h"}, {"validate", "-h"}, {"status", "--help"}} {
		if stdout, stderr, code := run(t, arguments...); code != 0 || stderr != "" || !strings.Contains(stdout, "usage: dcr-gateway routes") {
			t.Errorf("%v: code %d, %s, %s", arguments, code, stdout, stderr)
		}
	}
}

func TestFlagsBehindOperands(t *testing.T) {
	dir := sample.Folder(t)
	stdout, stderr, code := run(t, "explain", "GET", "--output", "json", "https://localhost:8443/aisp/accounts", "--routes", filepath.Join(dir, "routes.yaml"))
	if code != 0 || !json.Valid([]byte(stdout)) {
		t.Errorf("code %d, %s, %s", code, stdout, stderr)
	}
}

func TestSchema(t *testing.T) {
	for kind, want := range map[string][]byte{"routes": routes.Schema(), "directory": directory.Schema(), "profile": profile.Schema()} {
		stdout, stderr, code := run(t, "schema", "--of", kind)
		if code != 0 || stdout != string(want) || !json.Valid([]byte(stdout)) {
			t.Errorf("%s: code %d, %s", kind, code, stderr)
		}
	}
	if stdout, stderr, _ := run(t, "schema"); stdout != string(routes.Schema()) {
		t.Error(stderr)
	}
}

func TestRender(t *testing.T) {
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	for _, test := range []struct {
		name      string
		arguments []string
		has, not  []string
	}{
		{"dynamic", nil, []string{"ads_config", "run/xds.sock", "run/envoy-admin.sock"}, []string{"/aisp/accounts"}},
		{"static", []string{"--static", "--gate", "unix:g.sock", "--admin", "unix:a.sock", "--access-log", "log.json"},
			[]string{"/aisp/accounts", "g.sock", "a.sock", "log.json", filepath.Join(dir, "server.key")}, []string{"ads_config", "run/gate.sock", "run/envoy-admin.sock", "opentelemetry"}},
		{"traced", []string{"--static", "--otlp", "http://otel.bank.example"}, []string{"envoy.tracers.opentelemetry", "trace-collector", "otel.bank.example"}, nil},
		{"defaults", []string{"--defaults"}, []string{"key_manager: builtin", "tls_minimum: \"1.2\"", "max_connections: 4096", "lifetime: 5m"}, []string{"ads_config"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, append([]string{"render", path}, test.arguments...)...)
			if code != 0 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			for _, text := range test.has {
				if !strings.Contains(stdout, text) {
					t.Errorf("there is no %s in\n%s", text, stdout)
				}
			}
			for _, text := range test.not {
				if strings.Contains(stdout, text) {
					t.Errorf("there is %s", text)
				}
			}
			if strings.Contains(stdout, "PRIVATE KEY") {
				t.Error("a private key is written")
			}
		})
	}
}

// TestDefaultsMeanTheSame: the file with every default spelt out is no other configuration.
func TestDefaultsMeanTheSame(t *testing.T) {
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	text, stderr, code := run(t, "render", "--defaults", path)
	if code != 0 {
		t.Fatal(stderr)
	}
	spelt := filepath.Join(dir, "spelt.yaml")
	sample.Write(t, spelt, text)
	stdout, stderr, code := run(t, "diff", path, spelt)
	if code != 0 || !strings.Contains(stdout, ": nothing changes\n") {
		t.Errorf("code %d, %s, %s", code, stdout, stderr)
	}
}

func TestRefusedFile(t *testing.T) {
	dir := sample.Folder(t)
	bad := save(t, dir, "bad.yaml", "upstream: bank, body_limit", "upstream: bnak, body_limit")
	path := filepath.Join(dir, "routes.yaml")
	for _, arguments := range [][]string{
		{"render", bad}, {"diff", bad, path}, {"diff", path, bad}, {"explain", "GET", "https://localhost/", "--routes", bad},
	} {
		stdout, stderr, code := run(t, arguments...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "routes[5] (payments).upstream") || !strings.HasSuffix(stderr, bad+" is refused\n") {
			t.Errorf("%v: code %d, %s, %s", arguments, code, stdout, stderr)
		}
	}
	if _, stderr, code := run(t, "render", filepath.Join(dir, "none.yaml")); code != 2 || !strings.Contains(stderr, "no such file") {
		t.Errorf("code %d, %s", code, stderr)
	}
	if _, stderr, code := run(t, "render", path, "--admin", "127.0.0.1:1"); code != 2 || !strings.Contains(stderr, "for --admin: must be unix:PATH") {
		t.Errorf("code %d, %s", code, stderr)
	}
}
