package run

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// tlsFiles are a registry's own, and the certificates that clients may have.
type tlsFiles struct {
	certificate, key, ca string
	roots                *x509.CertPool
	envoy, other         tls.Certificate // of the gateways' CA, of another one
}

func newTLSFiles(t *testing.T) tlsFiles {
	t.Helper()
	dir := t.TempDir()
	files := tlsFiles{filepath.Join(dir, "registry.pem"), filepath.Join(dir, "registry.key"), filepath.Join(dir, "gateways.pem"), x509.NewCertPool(), tls.Certificate{}, tls.Certificate{}}
	own, gateways, others := newCA(t, "own"), newCA(t, "gateways"), newCA(t, "others")
	files.roots.AddCert(own.Certificate)
	server := issue(t, own, pki.Server("localhost"))
	must(t, pki.WriteCertificate(files.certificate, server.Certificate[0]))
	must(t, pki.WriteKey(files.key, server.PrivateKey.(crypto.Signer)))
	must(t, pki.WriteCertificate(files.ca, gateways.Certificate.Raw))
	files.envoy, files.other = issue(t, gateways, pki.Transport("o", "s")), issue(t, others, pki.Transport("o", "s"))
	return files
}

func newCA(t *testing.T, name string) *pki.Authority {
	t.Helper()
	key, err := pki.EC()
	must(t, err)
	made, err := pki.NewRoot(pkix.Name{CommonName: name}, key)
	must(t, err)
	return made
}

func issue(t *testing.T, ca *pki.Authority, leaf x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := pki.EC()
	must(t, err)
	made, err := ca.Issue(leaf, key.Public())
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{made.Raw}, PrivateKey: key}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestARegistryOnANetwork answers only clients with a certificate of the gateways' CA, and serves a renewed certificate of
// its own without a restart.
func TestARegistryOnANetwork(t *testing.T) {
	w, files := newWorld(t), newTLSFiles(t)
	port, err := process.FreePorts(1)
	must(t, err)
	address := "localhost:" + strconv.Itoa(port)
	w.startWith("registry", Registry(), "--listen", address, "--admin", w.address("registry-admin"), "--secrets", w.dir,
		"--tls-cert", files.certificate, "--tls-key", files.key, "--tls-client-ca", files.ca)
	ask := func(roots *x509.CertPool, client ...tls.Certificate) (int, error) {
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: client}}
		response, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + address + discovery)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := ask(files.roots, files.envoy); err != nil || status != http.StatusForbidden {
		t.Errorf("an Envoy without facts: %d, %v, want 403", status, err)
	}
	if status, err := ask(files.roots); err == nil {
		t.Errorf("nobody's certificate: answered %d", status)
	}
	if status, err := ask(files.roots, files.other); err == nil {
		t.Errorf("another CA's certificate: answered %d", status)
	}
	renewed := newTLSFiles(t)
	for from, to := range map[string]string{renewed.certificate: files.certificate, renewed.key: files.key} {
		text, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, text, 0o600))
	}
	if status, err := ask(renewed.roots, files.envoy); err != nil || status != http.StatusForbidden {
		t.Errorf("with the renewed certificate: %d, %v, want 403", status, err)
	}
	measured := func() map[string]float64 {
		return testkit.Series(t, w.text("registry-admin", "/metrics"))
	}
	for kind, name := range map[string]string{"registry_certificate": "tls-cert", "registry_client_ca": "tls-client-ca"} {
		if at := measured()[`dcr_expiry_timestamp_seconds{kind="`+kind+`",name="`+name+`"}`]; at <= float64(time.Now().Unix()) {
			t.Errorf("the %s ends %v", kind, at)
		}
	}
	if is, there := measured()["dcr_certificates_refused"]; !there || is != 0 {
		t.Errorf("certificates are refused: %v (%v)", is, there)
	}
	must(t, os.WriteFile(files.key, []byte("no key"), 0o600))
	if is := measured()["dcr_certificates_refused"]; is != 1 {
		t.Errorf("with an unusable key on disk: %v certificates are refused", is)
	}
	if status, err := ask(renewed.roots, files.envoy); err != nil || status != http.StatusForbidden {
		t.Errorf("with an unusable key on disk: %d, %v, want 403", status, err)
	}
}
