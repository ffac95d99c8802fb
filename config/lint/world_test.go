package lint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var known = Known{
	Scopes:      map[string][]string{"openid": {""}, "accounts": {"AISP"}, "payments": {"PISP", "AISP"}},
	Directories: []string{"uk", "uk-sandbox"},
	Profiles: map[string]*dcr.Profile{
		"obie-3.2": {Name: "obie-3.2", Body: dcr.BodyJWS}, "obie-3.3": {Name: "obie-3.3", Body: dcr.BodyJWS},
		"plain": {Name: "plain", Body: dcr.BodyJSON, TrailingSlash: true}, "abroad": {Name: "abroad", Body: dcr.BodyJWS, Clients: dcr.ClientPolicy{ManagementScope: "openid"}},
	},
}

// good is a file with nothing to say about it.
const good = `
issuer: https://bank.example
audiences: [bank]
directories: [directory.yaml]
auth_methods: [tls_client_auth]
tokens: {audience: https://bank.example}
listeners:
  mtls: {address: 127.0.0.1:8443, url: "https://bank.example", server_names: [bank.example, api.bank.example],
    certificate: server.pem, key: server.key, client_certificate: required}
  public: {address: 127.0.0.1:8444, url: "https://127.0.0.1:8444", certificate: local.pem, key: local.key,
    certificates: [{certificate: server.pem, key: server.key}], client_certificate: none}
upstreams:
  registry: {address: "unix:run/registry.sock", timeout: 5s}
  bank:
    address: ["10.1.2.3:80", "localhost:81", "[::1]:82", "192.168.0.1:83"]
    timeout: 4s
  far:
    address: far.example:443
    timeout: 4s
    tls: {ca: ca.pem, server_name: far.example, certificate: client.pem, key: client.key}
plans:
  default: {per_source: 100/s}
  gold: {per_client: 10/s}
routes:
  - {name: register, path: /dcr/v3.3/register, methods: [POST], checks: [certificate, statement], profile: obie-3.3, endpoint: registration, directories: [uk], body_limit: 16KiB}
  - {name: client, path: "/dcr/v3.3/register/{ClientId}", methods: [GET], checks: [certificate, bearer, owner], profile: obie-3.3, endpoint: registration, directories: [uk], body_limit: 1KiB}
  - {name: jwks, path: /dcr/v3.3/jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
  - {name: status, path: /open/status, methods: [GET], listener: public, public: true, upstream: bank}
  - {name: accounts, path: /api/accounts, methods: [GET], checks: [certificate, bearer, scope], scopes: [accounts, openid], upstream: bank}
  - {name: account, path: "/api/accounts/{Id}", methods: [GET], checks: [certificate, bearer, scope, role], scopes: [accounts, openid], roles: [AISP, PISP], upstream: bank}
  - {name: special, path: /api/accounts/special, methods: [GET], checks: [certificate, bearer], upstream: bank, plan: gold}
  - {name: item, path: "/api/{Kind}/x/{Item}", methods: [GET, PUT], checks: [certificate, bearer], upstream: far}
  - {name: token, path: /dcr/v3.3/token, methods: [POST], checks: [certificate, clientauth], endpoint: token}
  - {name: discovery, path: /dcr/v3.3/discovery, methods: [GET], listener: public, public: true, endpoint: discovery}
`

// A folder holds what the files of tests name.
type folder struct {
	t   *testing.T
	dir string
	ca  *testkit.Pair

	names int // bytes of the CAs' names
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir()}
	authority := template("CA", now.AddDate(5, 0, 0))
	authority.IsCA, authority.BasicConstraintsValid = true, true
	f.ca = testkit.Certify(t, nil, *authority, nil)
	f.write("ca.pem", f.ca.PEM())
	f.write("directory.yaml", []byte("x"))
	f.issue("server", template("server", now.AddDate(1, 0, 0), "bank.example", "api.bank.example"), nil)
	f.issue("local", template("local", now.AddDate(1, 0, 0), "127.0.0.1"), ec(t, elliptic.P384()))
	f.issue("client", template("client", now.AddDate(1, 0, 0)), nil)
	return f
}

func (f *folder) write(name string, text []byte) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), text, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// issue writes a certificate and its key.
func (f *folder) issue(name string, leaf *x509.Certificate, key crypto.Signer) {
	f.t.Helper()
	testkit.Certify(f.t, f.ca, *leaf, key).Write(f.t, filepath.Join(f.dir, name))
}

// lint reads a text and looks at it.
func (f *folder) lint(text string) yamlfile.Problems {
	f.t.Helper()
	file, err := routes.Parse("routes.yaml", []byte(text), f.dir)
	if err != nil {
		f.t.Fatalf("the file cannot be read: %v", err)
	}
	with := known
	with.CANames = f.names
	return Lint(file, with, now)
}

// with is the good file with a text in place of another.
func with(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(good, old) != 1 {
		t.Fatalf("%q is not once in the good file", old)
	}
	return strings.Replace(good, old, new, 1)
}

func template(name string, ends time.Time, hosts ...string) *x509.Certificate {
	certificate := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: ends,
	}
	for _, host := range hosts {
		if strings.HasPrefix(host, "127.") {
			certificate.IPAddresses = append(certificate.IPAddresses, []byte{127, 0, 0, 1})
		} else {
			certificate.DNSNames = append(certificate.DNSNames, host)
		}
	}
	return certificate
}

func ec(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func shortKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
