package control

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// FuzzRead looks for a file that is accepted and fails later: the gate's chains and Envoy's configuration must be made of
// every accepted file without an error.
func FuzzRead(f *testing.F) {
	gate, _ := newGate(f)
	dir := sample.Folder(f)
	path := filepath.Join(dir, "routes.yaml")
	f.Add(sample.Routes)
	for _, edit := range [][2]string{
		{"timeout: 90s", "timeout: 24h"}, {"per_client: 10/s", "per_client: 1/h"}, {"facts: headers", "facts: none"}, {"upstream: registry", "upstream: bank"},
		{"/aisp/accounts/{AccountId}", "/{A}/{B}/{C}"}, {"127.0.0.1:8446", "unix:bank.sock"}, {"tls: {ca: ca.pem", "tls: {certificate: server.pem, key: server.key, ca: ca.pem"},
		{"client_certificate: none", "client_certificate: none, server_names: [localhost, \"*\"]"}, {"plans:", "edge: {max_header: 4KiB}\nplans:"},
		{"checks: [statement, certificate]", "checks: [certificate, bearer, statement]"}, {"public: true, endpoint: jwks", "public: true, upstream: bank"},
	} {
		f.Add(strings.Replace(sample.Routes, edit[0], edit[1], 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		sample.Write(t, path, text)
		version, err := config.Read(path)
		if err != nil {
			return
		}
		if _, err := gate.prepare(t.Context(), version); err != nil {
			t.Errorf("it is taken, and then: %v\n%s", err, text)
		}
	})
}
