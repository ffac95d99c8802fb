package harness

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// Software is a TPP's software product with all that its owner holds. Its statement is the one from Enrol or from the last
// Restate.
type Software struct {
	dcrclient.Software
	World *World

	OrgID, SoftwareID string
	TransportSerial   string // decimal
	TransportKeyID    string // in its JWKS, with use tls
	SigningCert       tls.Certificate
}

func newSoftware(w *World, m *dcrclient.Member) (*Software, error) {
	software, err := m.Software()
	if err != nil {
		return nil, err
	}
	signing, err := tls.X509KeyPair([]byte(m.SigningCert), []byte(m.SigningKey))
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	Remember(m.Statement)
	software.Profile, software.RedirectURIs = w.File.Profile, m.RedirectURIs
	return &Software{
		Software: *software, World: w, OrgID: m.OrgID, SoftwareID: m.SoftwareID,
		TransportSerial: m.TransportSerial, TransportKeyID: m.TransportKeyID, SigningCert: signing,
	}, nil
}

// requestLife is that of a registration request of OBIE's conformance tool.
const requestLife = 30 * time.Minute

// Request is a registration request as an honest client of the profile signs it: with private_key_jwt, its statement and a jti
// of its own. Where the profile has a scope it asks for accounts alone. Sent says how to send it.
func (s *Software) Request() *JWT {
	software := s.Software
	software.Audience = s.at().Audience
	if must(dcrclient.Find(s.Profile)).Claims["scope"] != nil {
		software.Scope = "accounts openid"
	}
	request := must(software.Registration())
	request.Claims["iss"] = s.SoftwareID // also where the statement has other names for its claims
	request.Claims["exp"] = time.Now().Add(requestLife).Unix()
	return &JWT{*request}
}

// Sent is how a registration request is sent: signed or, in a profile without signatures, the claims alone.
func (s *Software) Sent(request *JWT) (contentType, body string) {
	contentType, text, err := s.Body(&request.JWT)
	body = string(must(text, err))
	if contentType == "application/jwt" {
		contentType = "application/jose" // as OBIE's conformance tool names it
		Remember(body)
	}
	return contentType, body
}

// SSA is the software statement before the directory signs it: a change in it is signed with the directory's own key, unless
// Key is changed too.
func (s *Software) SSA() (*JWT, error) {
	token, err := dcrclient.ParseJWT(s.StatementText)
	if err != nil {
		return nil, err
	}
	key, err := pemfile.ReadKey(s.World.Path(s.at().Directory.StatementKey))
	return &JWT{dcrclient.JWT{Header: token.Header, Claims: token.Claims, Key: key}}, err
}

// Assertion is a client assertion for the token endpoint, with a jti of its own and without a typ, as OBIE's conformance tool
// sends it.
func (s *Software) Assertion(clientID string) *JWT {
	assertion := s.Software.Assertion(clientID, s.World.File.Token)
	delete(assertion.Header, "typ")
	return &JWT{*assertion}
}
