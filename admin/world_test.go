package admin

import (
	"bytes"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// good is a file with nothing to say about it.
const good = `issuer: https://localhost:8444
audiences: [bank]
directories: [directory.yaml]
auth_methods: [tls_client_auth]
tokens: {audience: "https://localhost:8443"}
listeners:
  mtls: {address: 127.0.0.1:8443, url: "https://localhost:8443", certificate: server.pem, key: server.key, client_certificate: required}
  public: {address: 127.0.0.1:8444, url: "https://localhost:8444", certificate: server.pem, key: server.key, client_certificate: none}
upstreams:
  registry: {address: "unix:run/registry.sock", timeout: 5s}
  bank: {address: "127.0.0.1:8446", timeout: 4s, tls: {ca: ca.pem, server_name: core.bank.example}}
plans:
  default: {per_source: 100/s}
  gold: {per_source: 600/m, per_client: 10/s}
routes:
  - {name: register, path: /dcr/v3.3/register, methods: [POST], checks: [statement, certificate], profile: obie-3.3, endpoint: registration}
  - {name: client, path: "/dcr/v3.3/register/{ClientId}", methods: [GET, DELETE], checks: [owner, bearer, certificate], profile: obie-3.3, endpoint: registration}
  - {name: jwks, path: /oauth2/jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
  - {name: accounts, path: /aisp/accounts, methods: [GET], checks: [certificate, bearer, scope], scopes: [accounts], upstream: bank}
  - {name: account, path: "/aisp/accounts/{AccountId}", methods: [GET], checks: [certificate, bearer, scope, role], scopes: [accounts], roles: [AISP], upstream: bank, plan: gold, facts: headers, token: true}
  - {name: payments, path: /pisp/payments, methods: [GET, POST], checks: [certificate, bearer, scope], scopes: [payments], upstream: bank, body_limit: 1MiB, timeout: 90s}
`

// newFolder makes a folder with a good routes.yaml and all that it names.
func newFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	caKey, err := pki.EC()
	ok(t, err)
	ca, err := pki.NewRoot(pkix.Name{CommonName: "Test CA"}, caKey)
	ok(t, err)
	ok(t, pki.WriteCertificate(filepath.Join(dir, "ca.pem"), ca.Certificate.Raw))
	key, err := pki.EC()
	ok(t, err)
	leaf, err := ca.Issue(pki.Server("server"), key.Public())
	ok(t, err)
	ok(t, pki.WriteCertificate(filepath.Join(dir, "server.pem"), leaf.Raw))
	ok(t, pki.WriteKey(filepath.Join(dir, "server.key"), key))
	write(t, filepath.Join(dir, "directory.yaml"), "extends: openbanking-uk\ncertificates: [{profile: obwac, ca: [ca.pem]}]\n")
	write(t, filepath.Join(dir, "routes.yaml"), good)
	return dir
}

// save writes the good file with texts in place of others, beside it, and returns its name.
func save(t *testing.T, dir, name string, replace ...string) string {
	t.Helper()
	text := good
	for i := 0; i < len(replace); i += 2 {
		if strings.Count(text, replace[i]) != 1 {
			t.Fatalf("%q is not once in the file", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	path := filepath.Join(dir, name)
	write(t, path, text)
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	ok(t, os.WriteFile(path, []byte(text), 0o600))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a verb and returns what it wrote and its exit code.
func run(t *testing.T, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	err := Run(t.Context(), arguments, &out, &errs)
	if end, is := err.(exit); is {
		return out.String(), errs.String() + end.Error(), end.code
	}
	if err != nil {
		t.Fatalf("an error without an exit code: %v", err)
	}
	return out.String(), errs.String(), 0
}

// same compares a text with what it should be, without the folder of the test.
func same(t *testing.T, have, want, dir string) {
	t.Helper()
	have = strings.ReplaceAll(have, dir+string(filepath.Separator), "")
	if have != strings.TrimPrefix(want, "\n") {
		t.Errorf("have:\n%s\nwant:\n%s", have, strings.TrimPrefix(want, "\n"))
	}
}
