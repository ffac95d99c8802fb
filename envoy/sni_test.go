package envoy_test

import (
	"crypto/tls"
	"testing"
)

const sniRoutes = commonRoutes + `
listeners:
  mtls:
    address: "MTLS"
    url: "https://MTLS"
    server_names: [a.test, b.test]
    certificate: server.pem
    key: server.key
    certificates:
      - {certificate: a.pem, key: a.key}
      - {certificate: b.pem, key: b.key}
    client_certificate: required
  public:
    address: "PUBLIC"
    url: "https://PUBLIC"
    certificate: server.pem
    key: server.key
    certificates: [{certificate: a.pem, key: a.key}]
    client_certificate: none
    tls_minimum: "1.3"
upstreams:
  registry: {address: "unix:DIR/registry.sock"}
routes:
  - {name: token, path: /token, methods: [POST], checks: [certificate, clientauth], endpoint: token}
  - {name: jwks, path: /jwks, methods: [GET], listener: public, public: true, endpoint: jwks}
`

// TestServerNames checks which certificate a client sees, and who is not answered at all.
func TestServerNames(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.trust.write(t, e.dir, "a", "a", "a.test")
	e.trust.write(t, e.dir, "b", "b", "b.test")
	e.render(t, e.file(t, sniRoutes))
	for _, c := range []struct {
		name, url, sni string
		change         func(*tls.Config)
		want           string // common name of the certificate; "" where the handshake fails
	}{
		{"second", e.mtls, "a.test", nil, "a"},
		{"third", e.mtls, "b.test", nil, "b"},
		{"TLS 1.2", e.mtls, "b.test", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "b"},
		{"not a name of this listener", e.mtls, "c.test", nil, ""},
		{"no name", e.mtls, "", nil, ""},
		{"no client certificate", e.mtls, "a.test", func(c *tls.Config) { c.Certificates = nil }, ""},
		{"any name where none are given", e.public, "c.test", nil, "server"},
		{"none where none are given", e.public, "", nil, "server"},
		{"by name where none are given", e.public, "a.test", nil, "a"},
		{"TLS 1.2 where it is too old", e.public, "a.test", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := ""
			config := &tls.Config{
				ServerName:         c.sni,
				InsecureSkipVerify: true, // which certificate it is, is the question
				Certificates:       []tls.Certificate{e.trust.client(t)},
				VerifyConnection: func(state tls.ConnectionState) error {
					have = state.PeerCertificates[0].Subject.CommonName
					return nil
				},
			}
			if c.change != nil {
				c.change(config)
			}
			if err := handshake(t, c.url, config); (err == nil) != (c.want != "") || err == nil && have != c.want {
				t.Errorf("have certificate %q and %v, want %q", have, err, c.want)
			}
		})
	}
}
