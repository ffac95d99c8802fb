package extauthz

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	sandbox "github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

const (
	issuerURL = "https://as.example"
	mtlsURL   = "https://mtls.example"
	audience  = "https://rs.example"
	bankID    = "0015800001HQQrZAAY"
	version   = "0123456789abcdef"
)

// world is a gate with all that it stands on: a real Redis, a directory's HTTPS server, and a TPP that is enrolled
// there.
type world struct {
	t      testing.TB
	now    time.Time // what the gate takes for the time
	log    *logBuffer
	redis  *redisserver.Server
	store  *store.Store
	uk     *directory.Directory
	ring   *token.Ring
	issuer *token.Issuer
	signer *facts.Signer
	gate   *Gate

	tpp        *tpp.Client
	client     *dcrpb.Client // of the TPP
	statement  string        // its software statement, which names the key sets of this world
	peer       string        // its certificate as Envoy hands it on
	thumbprint string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Now().Truncate(time.Second), log: &logBuffer{}, redis: redisserver.Start(t, t.TempDir(), "--appendonly", "no")}
	client, err := redis.Open(w.redis.URL)
	w.must(err)
	t.Cleanup(func() { _ = client.Close() })
	w.store, err = store.Open(t.Context(), client, 4)
	w.must(err)
	w.signer, err = facts.NewSigner()
	w.must(err)
	w.ring = token.FileRing([]string{made.token})
	w.must(w.ring.Load(t.Context()))
	w.issuer = token.NewIssuer(w.ring, token.Identity{Issuer: issuerURL, Audience: audience}, nil, 5*time.Minute, func() time.Time { return w.now })
	w.openDirectory()
	w.openTPP()
	w.gate = w.newGate(w.filters())
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// openDirectory serves the directory, and loads it as an administrator has it.
func (w *world) openDirectory() {
	w.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	served, err := sandbox.OBIE().Open(made.dir, "https://"+host)
	w.must(err)
	server.Config.Handler = served.Handler()
	server.StartTLS()
	w.t.Cleanup(server.Close)

	dir := w.t.TempDir()
	w.must(os.WriteFile(filepath.Join(dir, "tls.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	file := filepath.Join(dir, "directory.yaml")
	w.must(os.WriteFile(file, fmt.Appendf(nil, `extends: openbanking-uk-sandbox
name: loopback
jwks: %s
tls_ca: [tls.pem]
key_hosts: ["%s"]
private_addresses: [127.0.0.1]
certificates:
  - {profile: ob_legacy, ca: ["%s"]}
`, served.KeysURL(), host, filepath.Join(made.dir, sandbox.IssuingFile)), 0o600))
	w.uk, err = directory.Load(file)
	w.must(err)
	w.statement, err = served.Statement(made.member.SoftwareID, sandbox.Changes{})
	w.must(err)
}

// openTPP gives the TPP a client that is registered already.
func (w *world) openTPP() {
	w.t.Helper()
	m := made.member
	at := func(name string) string { return filepath.Join(made.dir, name) }
	host := strings.TrimSuffix(w.uk.JWKS, "/keystore/openbanking.jwks")
	of := &dcr.Software{
		Directory: w.uk.Name, Id: m.SoftwareID, OrgId: m.OrgID, Roles: []string{"AISP", "PISP"},
		KeySets: &dcr.KeySets{Jwks: host + "/" + m.OrgID + "/" + m.SoftwareID + ".jwks"},
	}
	w.client = &dcrpb.Client{
		Id: w.store.NewClientID(of), State: dcrpb.Client_ACTIVE, Profile: "obie-3.3", Software: of, CertificateType: "ob_legacy",
		TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "PS256", Scopes: []string{"accounts"},
	}
	w.must(w.store.Create(w.t.Context(), w.client, nil, true))
	var err error
	w.tpp, err = tpp.Open(tpp.Record{
		Certificate: at("transport.pem"), Key: at("transport.key"), SigningKey: at("signing.key"), SigningKeyID: m.SigningKeyID,
		Registration: mtlsURL + "/register", Token: mtlsURL + "/token", Issuer: issuerURL, Audience: bankID,
		AuthMethod: dcrclient.PrivateKeyJWT, Profile: "obie-3.3", ClientID: w.client.GetId(),
	})
	w.must(err)
	w.tpp.StatementText = w.statement
	w.peer = strings.ReplaceAll(url.QueryEscape(m.TransportCert), "+", "%20")
	leaf, err := w.tppCertificate()
	w.must(err)
	w.thumbprint = leaf.Thumbprint
}

func (w *world) tppCertificate() (*cert.Certificate, error) {
	return cert.ParsePEM([]byte(made.member.TransportCert))
}

// token issues an access token for the TPP's client.
func (w *world) token(scopes ...string) (string, token.Token) {
	w.t.Helper()
	compact, issued, err := w.issuer.Issue(w.t.Context(), token.Token{
		ClientID: w.client.GetId(), Software: w.client.GetSoftware(), Scopes: scopes,
		Thumbprint: w.thumbprint, Generation: w.client.GetGeneration(),
	})
	w.must(err)
	return compact, issued
}
