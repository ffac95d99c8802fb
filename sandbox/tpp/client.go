package tpp

import (
	"cmp"
	"context"
	"crypto"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// ErrNoClient says that there is no client_id yet.
var ErrNoClient = errors.New("there is no client_id yet: register first (dcr-gateway tpp register)")

// ErrNoToken says that there is no access token yet.
var ErrNoToken = errors.New("there is no access token yet: get one first (dcr-gateway tpp token)")

var errNoKey = errors.New("there is no signing key: --signing-key FILE")

// Client makes a TPP's requests and sends them.
type Client struct {
	Record
	StatementText string // the software statement itself

	http      *http.Client
	transport tls.Certificate
	signing   crypto.Signer
}

// Ask is what a registration request should say apart from what follows from the TPP's papers. What it changes is sent as it
// is, whatever a bank thinks of it.
type Ask struct {
	Scope  string               // words separated by spaces; all that the roles allow when empty
	Claims map[string]any       // replaced, or added
	Omit   []string             // claims left out
	Change func(*dcrclient.JWT) // anything else about the request before it is signed; may be nil
}

// Open loads the keys that a record names.
func Open(record Record) (*Client, error) {
	transport, err := tls.LoadX509KeyPair(record.Certificate, record.Key)
	if err != nil {
		return nil, fmt.Errorf("the transport certificate and its key: %w", err)
	}
	var signing crypto.Signer
	if record.SigningKey != "" {
		if signing, err = pemfile.ReadKey(record.SigningKey); err != nil {
			return nil, fmt.Errorf("the signing key: %w", err)
		}
	}
	return newClient(record, transport, signing)
}

// newClient is Open with keys at hand.
func newClient(record Record, transport tls.Certificate, signing crypto.Signer) (*Client, error) {
	roots, err := dcrclient.Roots(record.CA)
	c := &Client{Record: record, transport: transport, signing: signing}
	c.http = dcrclient.NewHTTP(roots, &c.transport)
	return c, err
}

// software is the software product that the client is of.
func (c *Client) software() *dcrclient.Software {
	return &dcrclient.Software{
		Profile: c.Profile, AuthMethod: c.AuthMethod, Audience: c.Audience,
		Transport: c.transport, Signing: c.signing, SigningKeyID: c.SigningKeyID, StatementText: c.StatementText,
	}
}

// Send sends a request. An answer of any status is no error.
func (c *Client) Send(ctx context.Context, request *dcrclient.Request) (*dcrclient.Answer, error) {
	return dcrclient.Send(ctx, c.http, request)
}

// Discover reads the bank's discovery document and fills in the endpoints that nobody has named.
func (c *Client) Discover(ctx context.Context) (*dcrclient.Answer, error) {
	answer, err := c.Send(ctx, dcrclient.NewRequest(http.MethodGet, c.Discovery))
	if err != nil {
		return nil, err
	}
	document, err := dcrclient.ReadDiscovery(answer)
	if err != nil {
		return answer, err
	}
	c.Issuer = cmp.Or(c.Issuer, document.Issuer)
	c.Registration = cmp.Or(c.Registration, document.Registration)
	c.Token = cmp.Or(c.Token, document.Token)
	if c.Registration == "" || c.Token == "" {
		return answer, errors.New("the discovery document names no registration_endpoint or no token_endpoint")
	}
	return answer, nil
}

// Register makes the request that registers the software product.
func (c *Client) Register(ask Ask) (*dcrclient.Request, error) {
	return c.registration(http.MethodPost, c.Registration, ask)
}

// Update makes the request that replaces the registration.
func (c *Client) Update(ask Ask) (*dcrclient.Request, error) {
	request, err := c.registration(http.MethodPut, c.clientURL(), ask)
	if err != nil {
		return nil, err
	}
	return request, c.authorise(request)
}

func (c *Client) registration(method, url string, ask Ask) (*dcrclient.Request, error) {
	if c.StatementText == "" {
		return nil, errors.New("a registration request needs a software statement: --ssa FILE")
	}
	software := c.software()
	software.Scope = ask.Scope
	signed, err := software.Registration()
	if err != nil {
		return nil, err
	}
	if _, has := ask.Claims["iss"]; !has && signed.Claims["iss"] == nil && ask.Change == nil && !slices.Contains(ask.Omit, "iss") {
		return nil, errors.New(`the statement has no software_id: --claim 'iss="..."'`)
	}
	if c.ClientID != "" && !c.Deleted {
		signed.Claims["client_id"] = c.ClientID // "must match the current client_id" (RFC 7592, section 2.2)
	}
	maps.Copy(signed.Claims, ask.Claims)
	for _, name := range ask.Omit {
		delete(signed.Claims, name)
	}
	if ask.Change != nil {
		ask.Change(signed)
	}
	contentType, body, err := software.Body(signed)
	if err != nil {
		return nil, err
	}
	if c.signing == nil && contentType != "application/json" {
		return nil, errNoKey
	}
	request := dcrclient.NewRequest(method, url)
	request.SetBody(contentType, body)
	return request, nil
}

// TokenRequest makes the request for an access token of the client's own (RFC 6749, section 4.4). Without a scope it is for
// what the registration itself needs, where the profile asks for that by name.
func (c *Client) TokenRequest(scope string) (*dcrclient.Request, error) {
	if c.ClientID == "" {
		return nil, ErrNoClient
	}
	if c.signing == nil && c.AuthMethod != dcrclient.TLSClientAuth {
		return nil, errNoKey
	}
	// The audience is the bank's issuer, as RFC 10070 wants it, where that is known.
	assertion := c.software().Assertion(c.ClientID, cmp.Or(c.AssertionAudience, c.Issuer, c.Token))
	form, err := c.software().TokenForm(c.ClientID, scope, assertion)
	if err != nil {
		return nil, err
	}
	request := dcrclient.NewRequest(http.MethodPost, c.Token)
	request.SetBody(dcrclient.FormType, []byte(form.Encode()))
	return request, nil
}

// Read makes the request that reads the registration.
func (c *Client) Read() (*dcrclient.Request, error) { return c.manage(http.MethodGet) }

// Delete makes the request that deletes the registration.
func (c *Client) Delete() (*dcrclient.Request, error) { return c.manage(http.MethodDelete) }

// Call makes a request to an API of the bank.
func (c *Client) Call(method, url string) (*dcrclient.Request, error) {
	request := dcrclient.NewRequest(method, url)
	return request, c.authorise(request)
}

func (c *Client) manage(method string) (*dcrclient.Request, error) {
	if c.ClientID == "" {
		return nil, ErrNoClient
	}
	return c.Call(method, c.clientURL())
}

func (c *Client) clientURL() string { return dcrclient.ClientURL(c.Registration, c.ClientID) }

// authorise adds the access token, also one that has expired: the bank is the one to say so.
func (c *Client) authorise(request *dcrclient.Request) error {
	if c.Access == nil {
		return ErrNoToken
	}
	request.Bearer(c.Access.Token)
	return nil
}

// Registered takes the client_id out of the answer to a registration.
func (c *Client) Registered(answer *dcrclient.Answer) error {
	id := answer.Text("client_id")
	if id == "" {
		return errors.New("the bank's answer has no client_id")
	}
	c.ClientID, c.Deleted, c.Access = id, false, nil
	return nil
}

// Granted takes the access token out of the answer to a token request.
func (c *Client) Granted(answer *dcrclient.Answer) error {
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
