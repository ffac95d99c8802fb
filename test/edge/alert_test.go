package edge

import (
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestAlerts: the page for TPPs quotes what a client reads when the handshake fails, since nothing else explains it.
func TestAlerts(t *testing.T) {
	page, err := os.ReadFile("../../docs/tpp-developer.md")
	if err != nil {
		t.Fatal(err)
	}
	other, err := tls.LoadX509KeyPair(world.Path("tls/server.pem"), world.Path("tls/server.key")) // of no directory's CA
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want  string
		certificate *tls.Certificate
		most        uint16
	}{
		{"no certificate", "remote error: tls: certificate required", nil, tls.VersionTLS13},
		{"no certificate, TLS 1.2", "remote error: tls: handshake failure", nil, tls.VersionTLS12},
		{"another CA", "remote error: tls: unknown certificate authority", &other, tls.VersionTLS13},
		{"another CA, TLS 1.2", "remote error: tls: unknown certificate authority", &other, tls.VersionTLS12},
		{"TLS 1.1", "remote error: tls: protocol version not supported", nil, tls.VersionTLS11},
	} {
		config := world.TLS(nil)
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, test.most
		if test.certificate != nil {
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return test.certificate, nil }
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		response, err := client.Get(world.MTLS() + "/")
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: answered %s", test.name, response.Status)
		} else if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		if !strings.Contains(string(page), test.want) {
			t.Errorf("the page does not quote %q", test.want)
		}
	}
}
