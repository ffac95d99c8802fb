package harness

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Software is a TPP's software product with all that its owner holds.
type Software struct {
	World *World

	Profile           string // that it follows
	OrgID, SoftwareID string
	RedirectURIs      []string
	Transport         tls.Certificate
	TransportSerial   string // decimal
	TransportKeyID    string // in its JWKS, with use tls
	Signing           crypto.Signer
	SigningKeyID      string
	SigningCert       tls.Certificate
	FirstStatement    string // of when it was enrolled, or of the last Restate
}

// member is the directory's answer to an order.
type member struct {
	OrgID           string   `json:"org_id"`
	SoftwareID      string   `json:"software_id"`
	RedirectURIs    []string `json:"redirect_uris"`
	TransportCert   string   `json:"transport_cert"`
	TransportKey    string   `json:"transport_key"`
	TransportKeyID  string   `json:"transport_kid"`
	TransportSerial string   `json:"transport_serial"`
	SigningCert     string   `json:"signing_cert"`
	SigningKey      string   `json:"signing_key"`
	SigningKeyID    string   `json:"signing_kid"`
	Statement       string   `json:"ssa"`
}

func newSoftware(w *World, m member) (*Software, error) {
	transport, err := tls.X509KeyPair([]byte(m.TransportCert), []byte(m.TransportKey))
	if err != nil {
		return nil, fmt.Errorf("transport certificate: %w", err)
	}
	key, err := parseKey(m.SigningKey)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	signing, err := tls.X509KeyPair([]byte(m.SigningCert), []byte(m.SigningKey))
	if err != nil {
		return nil, fmt.Errorf("signing certificate: %w", err)
	}
	Remember(m.Statement)
	return &Software{
		World: w, Profile: w.File.Profile, OrgID: m.OrgID, SoftwareID: m.SoftwareID, RedirectURIs: m.RedirectURIs,
		Transport: transport, TransportSerial: m.TransportSerial, TransportKeyID: m.TransportKeyID,
		Signing: key, SigningKeyID: m.SigningKeyID, SigningCert: signing, FirstStatement: m.Statement,
	}, nil
}

// The claims of a request are those that OBIE's conformance tool sends, and so is the assertion but for its kid.
const (
	requestLife   = 30 * time.Minute
	assertionLife = 5 * time.Minute
)

// Request is a registration request that the software would sign: with private_key_jwt, its first statement and a jti
// of its own, in the shape of its profile. Sent says how it is sent.
func (s *Software) Request() *JWT {
	now := time.Now()
	request := &JWT{
		Key:    s.Signing,
		Header: map[string]any{"alg": "PS256", "typ": "JWT", "kid": s.SigningKeyID},
		Claims: map[string]any{
			"iss": s.SoftwareID, "aud": s.at().Audience, "jti": uuid.NewString(),
			"iat": now.Unix(), "exp": now.Add(requestLife).Unix(),
			"software_statement":              s.FirstStatement,
			"redirect_uris":                   s.RedirectURIs,
			"token_endpoint_auth_method":      "private_key_jwt",
			"token_endpoint_auth_signing_alg": "PS256",
			"grant_types":                     []string{"authorization_code", "client_credentials"},
			"response_types":                  []string{"code id_token"},
			"application_type":                "web",
			"scope":                           "accounts openid",
			"id_token_signed_response_alg":    "PS256",
			"request_object_signing_alg":      "PS256",
		},
	}
	shapes[s.Profile].apply(request.Claims)
	return request
}

// SSA is the software's first statement as if the directory had not signed it yet: what is changed in it is signed with
// the directory's own key, unless Key is changed too.
func (s *Software) SSA() (*JWT, error) {
	key, err := readKey(s.World.Path(s.at().Directory.StatementKey))
	if err != nil {
		return nil, err
	}
	token := &JWT{Key: key}
	parts := strings.Split(s.FirstStatement, ".")
	if len(parts) != 3 {
		return nil, errors.New("the directory's statement is no compact JWS")
	}
	for i, into := range []*map[string]any{&token.Header, &token.Claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			return nil, err
		}
	}
	return token, nil
}

// Assertion is a client assertion that the software would sign for its client: for the token endpoint, with a jti of its
// own.
func (s *Software) Assertion(clientID string) *JWT {
	now := time.Now()
	return &JWT{
		Key:    s.Signing,
		Header: map[string]any{"alg": "PS256", "kid": s.SigningKeyID},
		Claims: map[string]any{
			"iss": clientID, "sub": clientID, "aud": s.World.File.Token, "jti": uuid.NewString(),
			"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
		},
	}
}
