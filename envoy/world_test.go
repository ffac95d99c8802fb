package envoy_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// patience is how long a test waits for what must come: far more than it takes, also beside other load.
const patience = 30 * time.Second

// An authority issues the certificates of a test, the server's and the clients' alike.
type authority struct{ *testkit.Pair }

func newAuthority(t *testing.T) authority {
	t.Helper()
	return authority{testkit.Certify(t, nil, testkit.CA("Test CA"), nil)}
}

// issue makes a certificate for a name and for some DNS names, or for 127.0.0.1 where there are none.
func (a authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage, dns ...string) *testkit.Pair {
	t.Helper()
	leaf := x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: dns, ExtKeyUsage: []x509.ExtKeyUsage{usage}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if len(dns) == 0 {
		leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	return testkit.Certify(t, a.Pair, leaf, nil)
}

// write writes FILE.pem and FILE.key of a server.
func (a authority) write(t *testing.T, dir, file, name string, dns ...string) {
	t.Helper()
	a.issue(t, name, x509.ExtKeyUsageServerAuth, dns...).Write(t, filepath.Join(dir, file))
}

func (a authority) client(t *testing.T) tls.Certificate {
	t.Helper()
	return a.issue(t, "tpp +/=", x509.ExtKeyUsageClientAuth).TLS()
}

// An upstream says what reached it. Questions for its health are no calls: they come at any time.
type upstream struct {
	server *http.Server
	calls  atomic.Int32
	frozen atomic.Bool // it answers nothing, not even whether it is healthy
}

// seen is what an upstream got.
type seen struct {
	Header http.Header
	URI    string
	Length int
	Host   string
	SNI    string // of the upstream's TLS, if any
	Client string // common name of the client certificate of that TLS
}

func startUpstream(t *testing.T, path string) *upstream {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	u := new(upstream)
	u.server = &http.Server{Handler: u}
	go u.server.Serve(listener)
	t.Cleanup(func() { u.server.Close() })
	return u
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if u.frozen.Load() {
		<-r.Context().Done()
		return
	}
	if r.URL.Path == "/health" || r.URL.Path == routes.RegistryHealth {
		return
	}
	u.calls.Add(1)
	if r.URL.Path == "/sleep" {
		select { // longer than the route's timeout; Envoy hangs up
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.URL.RawQuery == "own" {
		w.Header().Set("Strict-Transport-Security", "max-age=1")
	}
	w.Header().Set("Server", "upstream/1.0")
	w.Header().Set("X-Fapi-Interaction-Id", "the upstream's own")
	saw := seen{Header: r.Header, URI: r.RequestURI, Length: len(body), Host: r.Host}
	if r.TLS != nil {
		saw.SNI, saw.Client = r.TLS.ServerName, r.TLS.PeerCertificates[0].Subject.CommonName
	}
	json.NewEncoder(w).Encode(saw)
}
