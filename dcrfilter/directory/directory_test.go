package directory_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// authority makes a CA, or a certificate that is not a CA.
func authority(t testing.TB, name string, isCA bool) []byte {
	t.Helper()
	return testkit.Certify(t, nil, template(name, isCA), nil).PEM()
}

func template(name string, isCA bool) x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// write puts files into a folder and returns the path of the directory's own.
func write(t *testing.T, definition string, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "directory.yaml")
	if err := os.WriteFile(path, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const extending = `
extends: openbanking-uk-sandbox
name: mine
jwks: https://127.0.0.1:8445/ssa.jwks
key_hosts: ["127.0.0.1:8445", keys.example]
private_addresses: [127.0.0.1, 10.1.0.0/16]
claims: {environment: env}
scopes: {accounts: AISP}
tls_ca: [server-ca.pem]
certificates:
  - {profile: ob_legacy, ca: [issuing.pem, both.pem]}
  - {profile: qwac, ca: [qtsp.pem]}
`

func TestLoad(t *testing.T) {
	server, issuing, qtsp := authority(t, "server", true), authority(t, "issuing", true), authority(t, "qtsp", true)
	loaded, err := directory.Load(write(t, extending, map[string][]byte{
		"server-ca.pem": server, "issuing.pem": issuing, "qtsp.pem": qtsp, "both.pem": slices.Concat([]byte("# both\n"), issuing, qtsp),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Name != "mine" || loaded.Issuer != "OpenBanking Ltd" || loaded.Environment != "sandbox" || loaded.MaxAge != 30*time.Minute {
		t.Errorf("got %+v", loaded.Directory)
	}
	if loaded.Claims.Environment != "env" || loaded.Claims.SoftwareID != "software_id" {
		t.Errorf("claims are changed one by one: got %+v", loaded.Claims)
	}
	if len(loaded.Scopes) != 1 || loaded.Scopes["accounts"] != "AISP" {
		t.Errorf("scopes are replaced: got %v", loaded.Scopes)
	}
	if want := slices.Concat(issuing, qtsp); !bytes.Equal(loaded.CABundle, want) {
		t.Errorf("the bundle must hold every client CA once, and no other:\n%s", loaded.CABundle)
	}
	if len(loaded.Anchors) != 2 || loaded.Anchors["ob_legacy"] == nil || loaded.Anchors["qwac"] == nil {
		t.Errorf("got %v", loaded.Anchors)
	}
	policy := loaded.Policy()
	private := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16")}
	if !slices.Equal(policy.Hosts, []string{"127.0.0.1:8445", "keys.example"}) || !slices.Equal(policy.Private, private) {
		t.Errorf("got %+v", policy)
	}
	want := x509.NewCertPool()
	want.AppendCertsFromPEM(server)
	if !policy.Roots.Equal(want) {
		t.Error("the roots must be those of tls_ca, and no others")
	}
}

// Each kind of certificates has the CAs of its own: one kind's certificate is no other's.
func TestLoadKeepsAnchorsApart(t *testing.T) {
	issuing := testkit.Certify(t, nil, template("issuing", true), nil)
	leaf := template("software", false)
	leaf.Subject.OrganizationalUnit = []string{"org"}
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	client, err := cert.Parse(testkit.Certify(t, issuing, leaf, nil).Certificate.Raw)
	if err != nil {
		t.Fatal(err)
	}
	other := authority(t, "other", true)
	loaded, err := directory.Load(write(t, extending, map[string][]byte{"server-ca.pem": other, "issuing.pem": issuing.PEM(), "both.pem": other, "qtsp.pem": other}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loaded.Anchors["ob_legacy"].Verify(client, now); err != nil {
		t.Error(err)
	}
	if _, err := loaded.Anchors["qwac"].Verify(client, now); err == nil {
		t.Error("the certificate of one kind verified as another")
	}
}

func TestLoadWithoutRootsTrustsTheSystems(t *testing.T) {
	loaded, err := directory.Load(write(t, "extends: openbanking-uk\ncertificates: [{profile: obwac, ca: [ca.pem]}]\n",
		map[string][]byte{"ca.pem": authority(t, "ca", true)}))
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Roots != nil || loaded.Policy().Roots != nil || len(loaded.Policy().Private) != 0 {
		t.Errorf("got %+v", loaded.Policy())
	}
}

func TestShipped(t *testing.T) {
	if got, want := directory.Names(), []string{"cdr-register", "openbanking-uk", "openbanking-uk-sandbox"}; !slices.Equal(got, want) {
		t.Fatalf("shipped are %q, want %q", got, want)
	}
	for name, host := range map[string]string{
		"openbanking-uk": "keystore.openbanking.org.uk", "openbanking-uk-sandbox": "keystore.openbankingtest.org.uk",
	} {
		shipped, err := directory.Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if shipped.Name != name || shipped.Issuer != "OpenBanking Ltd" || shipped.JWKS != "https://"+host+"/keystore/openbanking.jwks" ||
			!slices.Equal(shipped.KeyHosts, []string{host}) {
			t.Errorf("got %+v", shipped)
		}
		if shipped.SingleUse || len(shipped.Scopes) != 4 || len(shipped.Certificates) != 0 {
			t.Errorf("got %+v", shipped)
		}
	}
	if _, err := directory.Shipped("no-such"); err == nil {
		t.Error("there is no such directory")
	}
}
