package dcrclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
)

const (
	// Patience is how long a response may take.
	Patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// InteractionID is the header by which client and bank correlate their logs (FAPI 1.0 Part 1, section 6.2.1-11).
const InteractionID = "X-Fapi-Interaction-Id"

// Request is an HTTP request that can be sent repeatedly.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// NewRequest returns a request that accepts JSON and has a new interaction id.
func NewRequest(method, url string) *Request {
	header := http.Header{}
	header.Set("Accept", "application/json")
	header.Set(InteractionID, uuid.NewString())
	return &Request{Method: method, URL: url, Header: header}
}

// Bearer adds an access token (RFC 6750, section 2.1).
func (r *Request) Bearer(token string) { r.Header.Set("Authorization", "Bearer "+token) }

// SetBody sets the body and its media type.
func (r *Request) SetBody(contentType string, body []byte) {
	r.Header.Set("Content-Type", contentType)
	r.Body = body
}

// TLS returns a configuration that trusts the roots, the system's if nil. The certificate, unless nil, is presented whatever
// CAs the server names, which may have another name for the CA of a TPP's certificate.
func TLS(roots *x509.CertPool, certificate *tls.Certificate) *tls.Config {
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return config
}

// NewHTTP returns an HTTP client that presents a TLS client certificate, unless it is nil. It follows no redirects.
func NewHTTP(roots *x509.CertPool, certificate *tls.Certificate) *http.Client {
	return &http.Client{
		Timeout:       Patience,
		Transport:     &http.Transport{TLSClientConfig: TLS(roots, certificate), ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Roots reads the CAs of a PEM file. Without a file it returns nil, for the system's.
func Roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the bank's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("the bank's CA: there is no certificate in %s", file)
	}
	return roots, nil
}

// Answer is an HTTP response with its complete body.
type Answer struct {
	Status   int
	Protocol string // HTTP/1.1, HTTP/2.0
	Header   http.Header
	Body     []byte
	Took     time.Duration
}

// Send sends a request and reads the whole response. A response of any status is not an error.
func Send(ctx context.Context, client *http.Client, r *Request) (*Answer, error) {
	sent, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	sent.Header = r.Header.Clone()
	return Do(client, sent)
}

// Do is Send for a request of package net/http.
func Do(client *http.Client, request *http.Request) (*Answer, error) {
	start := time.Now()
	response, err := client.Do(request) //nolint:gosec // a TPP asks the bank that its user names
	if err != nil {
		return nil, err
	}
	answer, err := ReadAnswer(response)
	if err != nil {
		return nil, err
	}
	answer.Took = time.Since(start)
	return answer, nil
}

// ReadAnswer reads a whole response and closes its body.
func ReadAnswer(response *http.Response) (*Answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer %s: %w", response.Status, err)
	}
	return &Answer{Status: response.StatusCode, Protocol: response.Proto, Header: response.Header, Body: body}, nil
}

// OK reports whether the status is 2xx.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// StatusText returns the status with its text: "201 Created".
func (a *Answer) StatusText() string {
	return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
}

// String summarises the response and the refusal, without tokens.
func (a *Answer) String() string {
	r := a.Refusal()
	return fmt.Sprintf("%d %s %s (%s)", a.Status, r.Code, r.Rule(), r.Description)
}

// Refusal is a bank's error response: RFC 7591 (section 3.2.2), RFC 6749 (section 5.2) and, if the bank adds them, the rules
// that refused the request.
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Details     []struct {
		Rule        string `json:"rule"`
		Pointer     string `json:"pointer"`
		Clause      string `json:"clause"`
		Description string `json:"description"`
		Fix         string `json:"fix"`
		Help        string `json:"help"`
	} `json:"error_details"`
}

// Refusal parses the body of an error response; it returns the zero Refusal for any other body.
func (a *Answer) Refusal() Refusal {
	var r Refusal
	if json.Unmarshal(a.Body, &r) != nil {
		return Refusal{}
	}
	return r
}

// Rule returns the id of the first rule that refused, "" if the bank names none.
func (r Refusal) Rule() string {
	if len(r.Details) == 0 {
		return ""
	}
	return r.Details[0].Rule
}

// Discovery holds the members of a bank's metadata that a client needs (RFC 8414).
type Discovery struct {
	Issuer, Registration, Token string
	AuthMethods                 []string // token_endpoint_auth_methods_supported
}

// ReadDiscovery parses the metadata in a response. A member of the wrong type counts as missing.
func ReadDiscovery(answer *Answer) (d Discovery, err error) {
	if answer.Status != http.StatusOK {
		return d, fmt.Errorf("the discovery document is not available: status %d", answer.Status)
	}
	document, err := Object(answer.Body)
	if err != nil {
		return d, fmt.Errorf("the discovery document: %w", err)
	}
	aliases, _ := document["mtls_endpoint_aliases"].(map[string]any) // RFC 8705, section 5: for clients with a certificate
	text := func(name string) string {
		for _, from := range []map[string]any{aliases, document} {
			if value, _ := from[name].(string); value != "" {
				return value
			}
		}
		return ""
	}
	return Discovery{
		Issuer: text("issuer"), Registration: text("registration_endpoint"), Token: text("token_endpoint"),
		AuthMethods: Texts(document["token_endpoint_auth_methods_supported"]),
	}, nil
}

// Text returns a string member of the JSON object in a response; "" if there is none.
func (a *Answer) Text(name string) string {
	object, err := Object(a.Body)
	if err != nil {
		return ""
	}
	text, _ := object[name].(string)
	return text
}

// ConnectTo makes a client of NewHTTP connect elsewhere: to an address, HOST:PORT, in place of a host that a URL names. The
// name in TLS and in the request stays.
func ConnectTo(client *http.Client, addresses map[string]string) {
	transport, ok := client.Transport.(*http.Transport)
	if !ok || len(addresses) == 0 {
		return
	}
	var dialer net.Dialer
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && addresses[host] != "" {
			address = addresses[host]
		}
		return dialer.DialContext(ctx, network, address)
	}
}
