package tpp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

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
	request := newRequest(method, url)
	return request, c.write(request, claims, c.sign)
}

// write makes claims the body of a registration request: signed, or as they are where the profile has it so.
func (c *Client) write(r *Request, claims map[string]any, sign func(map[string]any) (string, error)) error {
	profile, err := profileOf(c.Profile)
	if err != nil {
		return err
	}
	if profile.plain {
		r.Header.Set("Content-Type", "application/json")
		r.Body, err = json.Marshal(claims)
		return err
	}
	signed, err := sign(claims)
	if err != nil {
		return fmt.Errorf("sign the registration request: %w", err)
	}
	r.Header.Set("Content-Type", "application/jwt")
	r.Body = []byte(signed)
	return nil
}

// claims are those of the profile, for a TPP that follows it.
func (c *Client) claims(ask Ask) (map[string]any, error) {
	if c.StatementText == "" {
		return nil, errors.New("a registration request needs a software statement: --ssa FILE")
	}
	profile, err := profileOf(c.Profile)
	if err != nil {
		return nil, err
	}
	if _, has := profile.members["scope"]; !has && ask.Scope != "" {
		return nil, fmt.Errorf("a registration request of %s has no scope: it is that of the software statement", c.Profile)
	}
	statement, err := papers(c.StatementText, profile.names)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	claims := map[string]any{
		"iss": statement.SoftwareID, "aud": c.Audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
		"software_statement": c.StatementText,
	}
	if c.ClientID != "" && !c.Deleted {
		claims["client_id"] = c.ClientID // "must match the current client_id" (RFC 7592, section 2.2)
	}
	asked := &asked{Client: c, statement: statement, scope: ask.Scope}
	fill(&asked.scope, statement.scope())
	for name, from := range profile.members {
		value, err := from(asked)
		if err != nil {
			return nil, err
		}
		if value != nil {
			claims[name] = value
		}
	}
	for name, value := range ask.Claims {
		claims[name] = value
	}
	for _, name := range ask.Omit {
		delete(claims, name)
	}
	return claims, nil
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
