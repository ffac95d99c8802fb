package tpp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// ErrNoClient says that there is no client_id yet.
var ErrNoClient = errors.New("there is no client_id yet: register first (dcr-gateway tpp register)")

// ErrNoToken says that there is no access token yet.
var ErrNoToken = errors.New("there is no access token yet: get one first (dcr-gateway tpp token)")

// assertionType is the only value there is (RFC 7523, section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// TokenRequest makes the request for an access token of the client's own (RFC 6749, section 4.4). Without a scope it is
// for what the registration itself needs, where the profile asks for that by name.
func (c *Client) TokenRequest(scope string) (*Request, error) {
	if c.ClientID == "" {
		return nil, ErrNoClient
	}
	profile, err := profileOf(c.Profile)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	fill(&scope, profile.manage)
	if scope != "" {
		form.Set("scope", scope)
	}
	switch c.AuthMethod {
	case TLSClientAuth:
		form.Set("client_id", c.ClientID) // "MUST include the client_id" (RFC 8705, section 2)
	case PrivateKeyJWT:
		assertion, err := c.assertion()
		if err != nil {
			return nil, fmt.Errorf("sign the client assertion: %w", err)
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
	}
	request := newRequest(http.MethodPost, c.Token)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Body = []byte(form.Encode())
	return request, nil
}

// assertion authenticates the client (RFC 7523, section 3). Its audience is the bank's issuer, as RFC 10070 wants it,
// where the bank has told it.
func (c *Client) assertion() (string, error) {
	audience := c.AssertionAudience
	fill(&audience, c.Issuer, c.Token)
	now := time.Now()
	return c.sign(map[string]any{
		"iss": c.ClientID, "sub": c.ClientID, "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	})
}

// Read makes the request that reads the registration.
func (c *Client) Read() (*Request, error) { return c.manage(http.MethodGet) }

// Delete makes the request that deletes the registration.
func (c *Client) Delete() (*Request, error) { return c.manage(http.MethodDelete) }

// Call makes a request to an API of the bank.
func (c *Client) Call(method, url string) (*Request, error) {
	request := newRequest(method, url)
	return request, c.authorise(request)
}

func (c *Client) manage(method string) (*Request, error) {
	if c.ClientID == "" {
		return nil, ErrNoClient
	}
	return c.Call(method, c.clientURL())
}

// authorise adds the access token, also one that has expired: the bank is the one to say so.
func (c *Client) authorise(request *Request) error {
	if c.Access == nil {
		return ErrNoToken
	}
	request.Header.Set("Authorization", "Bearer "+c.Access.Token)
	return nil
}

// Registered takes the client_id out of the answer to a registration.
func (c *Client) Registered(answer *Answer) error {
	var body struct {
		ClientID string `json:"client_id"`
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil || body.ClientID == "" {
		return errors.New("the bank's answer has no client_id")
	}
	c.ClientID, c.Deleted, c.Access = body.ClientID, false, nil
	return nil
}

// Granted takes the access token out of the answer to a token request.
func (c *Client) Granted(answer *Answer) error {
	var body struct {
		Token   string `json:"access_token"`
		Scope   string `json:"scope"`
		Seconds int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil || body.Token == "" {
		return errors.New("the bank's answer has no access_token")
	}
	expires := time.Now().Add(time.Duration(body.Seconds) * time.Second).UTC().Truncate(time.Second)
	c.Access = &Access{Token: body.Token, Scope: body.Scope, Expires: expires}
	return nil
}
