package tpp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// Ways to authenticate at the token endpoint: "only tls_client_auth and private_key_jwt are FAPI compliant" (OBIE DCR,
// Data Dictionary).
const (
	PrivateKeyJWT = "private_key_jwt"
	TLSClientAuth = "tls_client_auth"
)

// lifetime is how long our own JWTs are good for.
const lifetime = 5 * time.Minute

// Ask is what a registration request should say apart from what follows from the TPP's papers.
type Ask struct {
	Scope  string                     // all that the software's roles allow, when empty
	Claims map[string]json.RawMessage // replaced, or added
	Omit   []string                   // left out
}

// Register makes the request that registers the software.
func (c *Client) Register(ask Ask) (*Request, error) {
	return c.registration(http.MethodPost, c.Registration, ask)
}

// Update makes the request that replaces the registration.
func (c *Client) Update(ask Ask) (*Request, error) {
	request, err := c.registration(http.MethodPut, c.clientURL(), ask)
	if err != nil {
		return nil, err
	}
	return request, c.authorise(request)
}

func (c *Client) registration(method, url string, ask Ask) (*Request, error) {
	claims, err := c.claims(ask)
	if err != nil {
		return nil, err
	}
	signed, err := c.sign(claims)
	if err != nil {
		return nil, fmt.Errorf("sign the registration request: %w", err)
	}
	request := newRequest(method, url)
	request.Header.Set("Content-Type", "application/jwt")
	request.Body = []byte(signed)
	return request, nil
}

// profiles are the versions of the standard whose requests we know. Those from 3.2 on can all be asked in the same way.
var profiles = []string{profile31, "obie-3.2", "obie-3.3", "obie-3.4"}

const profile31 = "obie-3.1"

// claims are the data dictionary's (OBIE DCR), for a TPP that follows it.
func (c *Client) claims(ask Ask) (map[string]any, error) {
	if c.StatementText == "" {
		return nil, errors.New("a registration request needs a software statement: --ssa FILE")
	}
	statement, err := papers(c.StatementText)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	claims := map[string]any{
		"iss": statement.SoftwareID, "aud": c.Audience, "jti": newUUID(),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
		"software_id":                  statement.SoftwareID,
		"software_statement":           c.StatementText,
		"redirect_uris":                statement.RedirectURIs,
		"scope":                        ask.Scope,
		"grant_types":                  []string{"authorization_code", "client_credentials", "refresh_token"},
		"response_types":               []string{"code id_token"},
		"application_type":             "web",
		"id_token_signed_response_alg": c.algorithm(),
		"request_object_signing_alg":   c.algorithm(),
		"token_endpoint_auth_method":   c.AuthMethod,
	}
	if ask.Scope == "" {
		claims["scope"] = statement.scope()
	}
	if c.ClientID != "" && !c.Deleted {
		claims["client_id"] = c.ClientID // "must match the current client_id" (RFC 7592, section 2.2)
	}
	if err := c.authentication(claims); err != nil {
		return nil, err
	}
	if c.Profile == profile31 {
		asIn31(claims, c.algorithm())
	}
	for name, value := range ask.Claims {
		claims[name] = value
	}
	for _, name := range ask.Omit {
		delete(claims, name)
	}
	return claims, nil
}

// asIn31 writes claims as OBIE DCR 3.1 has them: the scope is an array, the algorithm is always there, and the DN has
// another name.
func asIn31(claims map[string]any, algorithm string) {
	scope, _ := claims["scope"].(string)
	claims["scope"] = strings.Fields(scope)
	claims["token_endpoint_auth_signing_alg"] = algorithm
	if dn, has := claims["tls_client_auth_subject_dn"]; has {
		claims["tls_client_auth_dn"] = dn
		delete(claims, "tls_client_auth_subject_dn")
	}
}

// authentication adds the claim that goes with the authentication method: OBIE DCR, Data Dictionary.
func (c *Client) authentication(claims map[string]any) error {
	switch c.AuthMethod {
	case PrivateKeyJWT:
		claims["token_endpoint_auth_signing_alg"] = c.algorithm()
	case TLSClientAuth:
		// "must contain the DN of the certificate that the TPP will present"
		certificate, err := cert.ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf}))
		if err != nil {
			return fmt.Errorf("the transport certificate: %w", err)
		}
		claims["tls_client_auth_subject_dn"] = certificate.Subject.String()
	}
	return nil
}

func (c *Client) sign(claims map[string]any) (string, error) {
	if c.signing == nil {
		return "", errors.New("there is no signing key: --signing-key FILE")
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return jose.Sign(c.signing, jose.Header{Algorithm: c.algorithm(), Type: "JWT", KeyID: c.SigningKeyID}, text)
}

func (c *Client) clientURL() string {
	return strings.TrimSuffix(c.Registration, "/") + "/" + url.PathEscape(c.ClientID)
}

// statement is what a TPP takes over from its software statement. It is the TPP's own, so nothing is verified.
type statement struct {
	SoftwareID   string   `json:"software_id"`
	RedirectURIs []string `json:"software_redirect_uris"`
	Roles        []string `json:"software_roles"`
}

func papers(text string) (statement, error) {
	var s statement
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return s, errors.New("the software statement is not a signed JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return s, fmt.Errorf("the software statement: %w", err)
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return s, fmt.Errorf("the software statement: %w", err)
	}
	return s, nil
}

// scope is all that the roles allow.
func (s statement) scope() string {
	scopes := []string{"openid"}
	for _, role := range s.Roles {
		if scope := roleScopes[role]; scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return strings.Join(scopes, " ")
}

var roleScopes = map[string]string{"AISP": "accounts", "PISP": "payments", "CBPII": "fundsconfirmations"}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
