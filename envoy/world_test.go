package envoy_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// An authority issues the certificates of a test, the server's and the clients' alike.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	template := template("Test CA")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pool}
}

// issue makes a certificate for a name, for 127.0.0.1, and for some DNS names.
func (a authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage, dns ...string) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	template := template(name)
	template.ExtKeyUsage, template.KeyUsage = []x509.ExtKeyUsage{usage}, x509.KeyUsageDigitalSignature
	template.DNSNames = dns
	if len(dns) == 0 {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// write writes FILE.pem and FILE.key of a server.
func (a authority) write(t *testing.T, dir, file, name string, dns ...string) {
	t.Helper()
	der, key := a.issue(t, name, x509.ExtKeyUsageServerAuth, dns...)
	writePair(t, filepath.Join(dir, file), der, key)
}

func writePair(t *testing.T, path string, der []byte, key crypto.PrivateKey) {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, path+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func (a authority) client(t *testing.T) tls.Certificate {
	t.Helper()
	der, key := a.issue(t, "tpp +/=", x509.ExtKeyUsageClientAuth)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// An upstream says what reached it. Questions for its health are no calls: they come at any time.
type upstream struct{ calls atomic.Int32 }

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
	server := &http.Server{Handler: u}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return u
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/health" {
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
	w.Header().Set("Server", "upstream/1.0")
	w.Header().Set("X-Fapi-Interaction-Id", "the upstream's own")
	saw := seen{Header: r.Header, URI: r.RequestURI, Length: len(body), Host: r.Host}
	if r.TLS != nil {
		saw.SNI, saw.Client = r.TLS.ServerName, r.TLS.PeerCertificates[0].Subject.CommonName
	}
	json.NewEncoder(w).Encode(saw)
}
