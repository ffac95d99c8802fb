package extauthz

import (
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
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	sandbox "github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const (
	issuerURL = "https://as.example"
	mtlsURL   = "https://mtls.example"
	audience  = "https://rs.example"
	bankID    = "0015800001HQQrZAAY"
	version   = "0123456789abcdef"
)

// world is a gate with all that it uses: a real Redis, a directory's HTTPS server, and a TPP that is enrolled there.
type world struct {
	t      testing.TB
	now    time.Time // what the gate takes for the time
	log    *testkit.Log
	redis  *redisserver.Server
	store  *store.Store
	uk     *directory.Directory
	ring   *token.Ring
	issuer *token.Issuer
	signer *facts.Signer
	gate   *Gate

	tpp        *tpp.Client
	member     *sandbox.Member // the TPP in the directory
	client     *dcrpb.Client   // of the TPP
	statement  string          // its software statement, which names the key sets of this world
	peer       string          // its certificate as Envoy hands it on
	thumbprint string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Now().Truncate(time.Second), log: &testkit.Log{}}
	w.store, w.redis = testbed.Store(t)
	var err error
	w.signer, err = facts.NewSigner()
	w.must(err)
	w.ring = token.FileRing([]string{testbed.TokenKey(t)})
	w.must(w.ring.Load(t.Context()))
	w.issuer = token.NewIssuer(w.ring, token.Identity{Issuer: issuerURL, Audience: audience, Lifetime: 5 * time.Minute}, nil, func() time.Time { return w.now })
	served := testbed.Serve(t, "loopback")
	w.uk, w.member = served.Loaded, served.Member
	w.statement, err = served.Statement(w.member.SoftwareID, sandbox.Changes{})
	w.must(err)
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

// openTPP gives the TPP a client that is registered already.
func (w *world) openTPP() {
	w.t.Helper()
	m, dir := w.member, w.t.TempDir()
	write := func(name, text string) string {
		w.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return filepath.Join(dir, name)
	}
	host := strings.TrimSuffix(w.uk.JWKS, "/keystore/openbanking.jwks")
	of := &dcr.Software{
		Directory: w.uk.Name, Id: m.SoftwareID, OrgId: m.OrgID, Roles: []string{"AISP", "PISP"},
		KeySets: &dcr.KeySets{Jwks: host + "/" + m.OrgID + "/" + m.SoftwareID + ".jwks"},
	}
	w.client = &dcrpb.Client{
		Id: w.store.NewClientID(of), State: dcrpb.Client_ACTIVE, Profile: "obie-3.3", Software: of, CertificateType: "ob_legacy",
		TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "PS256", GrantTypes: []string{"client_credentials"}, Scopes: []string{"openid", "accounts", "payments"},
	}
	w.must(w.store.Create(w.t.Context(), w.client, nil, true))
	var err error
	w.tpp, err = tpp.Open(tpp.Record{
		Certificate: write("transport.pem", m.TransportCert), Key: write("transport.key", m.TransportKey),
		SigningKey: write("signing.key", m.SigningKey), SigningKeyID: m.SigningKeyID,
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
	return cert.ParsePEM([]byte(w.member.TransportCert))
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
