package envoy_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// vault is a folder with the files of a listener with two certificates and of an upstream.
type vault struct {
	dir   string
	trust authority
	file  *routes.File
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{dir: t.TempDir(), trust: newAuthority(t)}
	v.trust.write(t, v.dir, "a", "a", "a.test")
	v.trust.write(t, v.dir, "b", "b", "b.test")
	v.trust.write(t, v.dir, "ours", "ours", "ours.test")
	writeFile(t, filepath.Join(v.dir, "ca.pem"), v.trust.PEM())
	v.file = &routes.File{
		Dir: v.dir,
		Listeners: map[string]routes.Listener{"mtls": {
			Certificate: "a.pem", Key: "a.key", ClientCertificate: routes.CertificateRequired,
			Certificates: []routes.Certificate{{Certificate: filepath.Join(v.dir, "b.pem"), Key: "b.key"}},
		}},
		Upstreams: map[string]routes.Upstream{
			"bank":     {TLS: &routes.UpstreamTLS{CA: "ca.pem", ServerName: "bank.test", Certificate: "ours.pem", Key: "ours.key"}},
			"by-ip":    {TLS: &routes.UpstreamTLS{CA: "ca.pem", ServerName: "10.0.0.1"}},
			"registry": {},
		},
	}
	return v
}

func TestSecrets(t *testing.T) {
	v := newVault(t)
	secrets, err := envoy.Secrets(v.file, envoy.Options{}, append([]byte("# of a directory\n"), v.trust.PEM()...))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, secret := range secrets {
		names = append(names, secret.GetName())
		switch name := secret.GetName(); {
		case strings.HasSuffix(name, "/ca"):
			have := secret.GetValidationContext()
			san := have.GetMatchTypedSubjectAltNames()
			want := map[string]string{"upstream/bank/ca": "DNS bank.test", "upstream/by-ip/ca": "IP_ADDRESS 10.0.0.1"}[name]
			if len(san) != 1 || san[0].GetSanType().String()+" "+san[0].GetMatcher().GetExact() != want {
				t.Errorf("%s: have %v", name, san)
			}
			if !bytes.Equal(have.GetTrustedCa().GetInlineBytes(), v.trust.PEM()) {
				t.Errorf("%s: not the CA", name)
			}
		case name == "clients":
			if have := secret.GetValidationContext(); !bytes.Equal(have.GetTrustedCa().GetInlineBytes(), v.trust.PEM()) || have.GetMaxVerifyDepth().GetValue() != 3 {
				t.Errorf("%s: have %v", name, have)
			}
		default:
			have := secret.GetTlsCertificate()
			if _, err := tls.X509KeyPair(have.GetCertificateChain().GetInlineBytes(), have.GetPrivateKey().GetInlineBytes()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if want := []string{"clients", "listener/mtls/0", "listener/mtls/1", "upstream/bank", "upstream/bank/ca", "upstream/by-ip/ca"}; !slices.Equal(names, want) {
		t.Errorf("have %q, want %q", names, want)
	}
	var files []string
	for _, name := range []string{"a.key", "a.pem", "b.key", "b.pem", "ca.pem", "ours.key", "ours.pem"} {
		files = append(files, filepath.Join(v.dir, name))
	}
	if have := envoy.SecretFiles(v.file, envoy.Options{}); !slices.Equal(have, files) {
		t.Errorf("have %q, want %q", have, files)
	}
}

// Each certificate that Envoy uses has its end, but for the CAs of clients, which are the directories'.
func TestExpiries(t *testing.T) {
	v := newVault(t)
	secrets, err := envoy.Secrets(v.file, envoy.Options{}, v.trust.PEM())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range envoy.Expiries(secrets, time.Now()) {
		got = append(got, one.Kind+" "+one.Name)
		if !one.At.After(time.Now()) {
			t.Errorf("%s %s ends %v", one.Kind, one.Name, one.At)
		}
	}
	want := []string{"listener_certificate mtls/0", "listener_certificate mtls/1", "upstream_certificate bank", "upstream_ca bank", "upstream_ca by-ip"}
	if !slices.Equal(got, want) {
		t.Errorf("have %q, want %q", got, want)
	}
}

// TestSecretsKeepKeysApart checks that a key in a file of certificates does not become a part of these.
func TestSecretsKeepKeysApart(t *testing.T) {
	v := newVault(t)
	v.copy(t, "a.pem", "a.key", "a.pem")
	v.copy(t, "ca.pem", "b.key", "ca.pem")
	secrets, err := envoy.Secrets(v.file, envoy.Options{}, v.trust.PEM())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		chain, cas := secret.GetTlsCertificate().GetCertificateChain(), secret.GetValidationContext().GetTrustedCa()
		if bytes.Contains(chain.GetInlineBytes(), []byte("KEY")) || bytes.Contains(cas.GetInlineBytes(), []byte("KEY")) {
			t.Errorf("%s has a key among its certificates", secret.GetName())
		}
	}
}

// copy writes a file of what is in others.
func (v *vault) copy(t *testing.T, to string, from ...string) {
	t.Helper()
	var all []byte
	for _, name := range from {
		text, err := os.ReadFile(filepath.Join(v.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	writeFile(t, filepath.Join(v.dir, to), all)
}

func TestSecretsRefuse(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testing.T, *vault)
		want   string
	}{
		{"missing", func(_ *testing.T, v *vault) { os.Remove(filepath.Join(v.dir, "a.pem")) }, `listener "mtls": a.pem: no such file or directory`},
		{"missing key", func(_ *testing.T, v *vault) { os.Remove(filepath.Join(v.dir, "ours.key")) }, `upstream "bank": ours.key: no such file`},
		{"key of another certificate", func(t *testing.T, v *vault) { v.copy(t, "a.key", "b.key") }, `a.pem with a.key: tls: private key does not match public key`},
		{"key in place of a certificate", func(t *testing.T, v *vault) { v.copy(t, "a.pem", "a.key") }, `holds no certificate in PEM form`},
		{"certificate in place of a key", func(t *testing.T, v *vault) { v.copy(t, "a.key", "a.pem") }, `holds no private key in PEM form`},
		{"empty", func(t *testing.T, v *vault) { v.write(t, "a.pem", nil) }, `holds no certificate in PEM form`},
		{"DER", func(t *testing.T, v *vault) { v.write(t, "ca.pem", v.trust.Certificate.Raw) }, `upstream "bank": ca.pem: holds no certificate in PEM form`},
		{"half written", func(t *testing.T, v *vault) {
			v.write(t, "ca.pem", slices.Concat(v.trust.PEM(), v.trust.PEM()[:100]))
		}, `ca.pem: a PEM block is not complete`},
		{"half written key", func(t *testing.T, v *vault) { v.write(t, "a.key", []byte("-----BEGIN PRIVATE KEY-----\nAAAA")) }, `a PEM block is not complete`},
		{"not a certificate", func(t *testing.T, v *vault) {
			v.write(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("s3cret")}))
		}, `certificate 1 of the file is malformed`},
		{"too large", func(t *testing.T, v *vault) { v.write(t, "ca.pem", make([]byte, 1<<20+1)) }, `is larger than 1 MiB`},
		{"a folder", func(_ *testing.T, v *vault) { v.file.Upstreams["bank"].TLS.CA = "." }, `is not a file`},
		{"Ed25519", func(t *testing.T, v *vault) { v.ed25519(t) }, `the key must be RSA of 2048 bits or more, or ECDSA`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVault(t)
			c.change(t, v)
			secrets, err := envoy.Secrets(v.file, envoy.Options{}, v.trust.PEM())
			if secrets != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("have %v, want %s", err, c.want)
			}
		})
	}
	v := newVault(t)
	if _, err := envoy.Secrets(v.file, envoy.Options{}, nil); err == nil || !strings.Contains(err.Error(), `listener "mtls" requires client certificates`) {
		t.Errorf("no CAs of clients: have %v", err)
	}
}

func (v *vault) write(t *testing.T, name string, content []byte) {
	t.Helper()
	writeFile(t, filepath.Join(v.dir, name), content)
}

// ed25519 makes the listener's key one that browsers and Envoy do not take.
func (v *vault) ed25519(t *testing.T) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Certify(t, v.trust.Pair, x509.Certificate{Subject: pkix.Name{CommonName: "a"}}, key).Write(t, filepath.Join(v.dir, "a"))
}
