package envoy_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// bounds are the least and the most that the reader takes.
var bounds = []struct{ key, least, most string }{
	{"lifetime", "10s", "24h"}, {"retries", "0", "3"}, {"timeout", "1ms", "24h"}, {"connect_timeout", "1ms", "24h"}, {"interval", "1ms", "24h"},
	{"per_source", "1/h", "999999/s"}, {"per_client", "1/h", "999999/s"}, {"body_limit", "1B", "10MiB"},
	{"header_timeout", "100ms", "1m"}, {"request_timeout", "1s", "10m"}, {"handshake_timeout", "100ms", "1m"}, {"idle_timeout", "1s", "1h"},
	{"connection_duration", "10s", "24h"}, {"drain_time", "1s", "10m"}, {"max_header", "4KiB", "96KiB"}, {"max_headers", "16", "1000"},
	{"max_streams", "1", "1000"}, {"max_connections", "1", "1000000"}, {"max_requests", "1", "1000000"}, {"max_memory", "64MiB", "64GiB"},
}

// What the reader takes, Envoy takes too: nothing that is accepted is found to be wrong later.
func TestEnvoyTakesTheBounds(t *testing.T) {
	full, err := os.ReadFile("../config/routes/testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		edit func(text string) string
	}{
		{"as it is", func(text string) string { return text }},
		{"the least of everything", func(text string) string { return bounded(t, text, false) }},
		{"the most of everything", func(text string) string { return bounded(t, text, true) }},
		{"long paths", func(text string) string {
			return strings.Replace(text, "/payments/{Consent}/items/{Item}", segments(60, "/{A%d}/b.c-d_e~"), 1)
		}},
		{"many names in a path", func(text string) string {
			return strings.Replace(text, "/payments/{Consent}/items/{Item}", segments(150, "/{A%d}"), 1)
		}},
		{"many methods", func(text string) string {
			return strings.Replace(text, "methods: [GET, PUT]", "methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]", 1)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { validate(t, c.edit(string(full))) })
	}
}

func segments(number int, format string) string {
	var path strings.Builder
	for i := range number {
		fmt.Fprintf(&path, format, i)
	}
	return path.String()
}

func bounded(t *testing.T, text string, most bool) string {
	t.Helper()
	for _, b := range bounds {
		value, key := b.least, regexp.MustCompile(`\b`+b.key+`: [0-9]\w*(/\w)?`)
		if most {
			value = b.most
		}
		if !key.MatchString(text) {
			t.Fatalf("the file does not have %s", b.key)
		}
		text = key.ReplaceAllString(text, b.key+": "+value)
	}
	return text
}

// validate reads a file that must be good, and has Envoy look at all that is made of it.
func validate(t *testing.T, text string) {
	t.Helper()
	dir, ca := t.TempDir(), newAuthority(t)
	ca.issue(t, "server", x509.ExtKeyUsageServerAuth, "bank.example").Write(t, filepath.Join(dir, "server"))
	writeFile(t, filepath.Join(dir, "directory.yaml"), nil)
	file, err := routes.Parse("routes.yaml", []byte(text), dir)
	if err != nil {
		t.Fatal(err)
	}
	options := envoy.Options{Gate: "unix:gate.sock", XDS: "unix:xds.sock", Admin: "unix:admin.sock", AccessLog: "/dev/null"}
	if _, err := envoy.Translate(file, options); err != nil {
		t.Error(err)
	}
	bootstrap, err := envoy.Render(file, options, ca.PEM())
	if err != nil {
		t.Fatal(err)
	}
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "envoy.yaml"), config)
	command := exec.CommandContext(t.Context(), envoyBinary(t), "--mode", "validate", "-c", "envoy.yaml", "--log-level", "warning")
	command.Dir = dir
	if said, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
