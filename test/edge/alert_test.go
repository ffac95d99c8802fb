package edge

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"
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
		if err := handshake(t, config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		if !strings.Contains(string(page), test.want) {
			t.Errorf("the page does not quote %q", test.want)
		}
	}
}

// handshake returns the error of a handshake, or of the first read: in TLS 1.3 the server refuses when the client's part is
// over. A client that writes first may find the connection closed, and never reads why.
func handshake(t *testing.T, config *tls.Config) error {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(world.MTLS(), "https://"), config)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}
