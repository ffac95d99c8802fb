// Package sample is a folder with a routes.yaml and all that it names, for the tests of what reads one.
package sample

import (
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Routes is a routes.yaml with nothing to say about it.
const Routes = `issuer: https://localhost:8444
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
  - {name: token, path: /token, methods: [POST], checks: [certificate, clientauth], endpoint: token}
  - {name: discovery, path: /.well-known/openid-configuration, methods: [GET], listener: public, public: true, endpoint: discovery}
`

// Directory is the directory that it names.
const Directory = "extends: openbanking-uk\ncertificates: [{type: obwac, ca: [ca.pem]}]\n"

// Folder makes a folder with routes.yaml, its directory, and its certificates.
func Folder(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	ca, err := authority()
	must(tb, err)
	must(tb, pki.WriteCertificate(filepath.Join(dir, "ca.pem"), ca.Certificate.Raw))
	key, err := pki.EC()
	must(tb, err)
	leaf, err := ca.Issue(pki.Server("server"), key.Public())
	must(tb, err)
	must(tb, pki.WriteCertificate(filepath.Join(dir, "server.pem"), leaf.Raw))
	must(tb, pki.WriteKey(filepath.Join(dir, "server.key"), key))
	Write(tb, filepath.Join(dir, "directory.yaml"), Directory)
	Write(tb, filepath.Join(dir, "routes.yaml"), Routes)
	return dir
}

func authority() (*pki.Authority, error) {
	key, err := pki.EC()
	if err != nil {
		return nil, err
	}
	return pki.NewRoot(pkix.Name{CommonName: "Test CA"}, key)
}

// With returns Routes with texts in place of others, each of which is there once.
func With(tb testing.TB, replace ...string) string {
	tb.Helper()
	text := Routes
	for i := 0; i < len(replace); i += 2 {
		if strings.Count(text, replace[i]) != 1 {
			tb.Fatalf("%q is not once in the file", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// Write writes a file as editors do: another one takes its name.
func Write(tb testing.TB, path, text string) {
	tb.Helper()
	must(tb, os.WriteFile(path+".new", []byte(text), 0o600))
	must(tb, os.Rename(path+".new", path))
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
