package tpp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// Client makes a TPP's requests and sends them.
type Client struct {
	Record
	StatementText string // the software statement itself

	http    *http.Client
	leaf    []byte // DER
	signing crypto.Signer
}

// Request is an HTTP request, ready to be sent as often as one likes.
type Request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// Answer is what the bank said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Open loads the keys that a record names.
func Open(record Record) (*Client, error) {
	pair, err := tls.LoadX509KeyPair(record.Certificate, record.Key)
	if err != nil {
		return nil, fmt.Errorf("the transport certificate and its key: %w", err)
	}
	var signing crypto.Signer
	if record.SigningKey != "" {
		if signing, err = pki.ReadKey(record.SigningKey); err != nil {
			return nil, fmt.Errorf("the signing key: %w", err)
		}
	}
	return newClient(record, pair, signing)
}

// newClient is Open with keys at hand.
func newClient(record Record, pair tls.Certificate, signing crypto.Signer) (*Client, error) {
	c := &Client{Record: record, leaf: pair.Certificate[0], signing: signing}
	roots, err := pool(record.CA)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{pair}},
		ForceAttemptHTTP2: true,
	}
	c.http = &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// pool is the system's CAs where no file is named.
func pool(file string) (*x509.CertPool, error) {
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

// Send sends a request. An answer of any status is no error.
func (c *Client) Send(ctx context.Context, request *Request) (*Answer, error) {
	sent, err := http.NewRequestWithContext(ctx, request.Method, request.URL, bytes.NewReader(request.Body))
	if err != nil {
		return nil, err
	}
	sent.Header = request.Header.Clone()
	start := time.Now()
	response, err := c.http.Do(sent)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body, Took: time.Since(start)}, nil
}

// Discover reads the bank's discovery document and fills in the endpoints that nobody has named.
func (c *Client) Discover(ctx context.Context) (*Answer, error) {
	answer, err := c.Send(ctx, newRequest(http.MethodGet, c.Discovery))
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return answer, fmt.Errorf("the discovery document cannot be had: status %d", answer.Status)
	}
	type endpoints struct {
		Registration string `json:"registration_endpoint"`
		Token        string `json:"token_endpoint"`
	}
	var document struct {
		Issuer string `json:"issuer"`
		endpoints
		Aliases endpoints `json:"mtls_endpoint_aliases"` // RFC 8705, section 5: what a client with a certificate uses
	}
	if err := json.Unmarshal(answer.Body, &document); err != nil {
		return answer, fmt.Errorf("the discovery document: %w", err)
	}
	fill(&c.Issuer, document.Issuer)
	fill(&c.Registration, document.Aliases.Registration, document.Registration)
	fill(&c.Token, document.Aliases.Token, document.Token)
	if c.Registration == "" || c.Token == "" {
		return answer, errors.New("the discovery document names no registration_endpoint or no token_endpoint")
	}
	return answer, nil
}

// fill sets an empty text to the first value that is not empty.
func fill(text *string, values ...string) {
	for _, value := range values {
		if *text == "" {
			*text = value
		}
	}
}

func newRequest(method, url string) *Request {
	header := http.Header{}
	header.Set("Accept", "application/json")
	header.Set("X-Fapi-Interaction-Id", uuid.NewString())
	return &Request{Method: method, URL: url, Header: header}
}

// algorithm is what FAPI allows for the kind of key (FAPI 1.0 Part 2, section 8.6).
func (c *Client) algorithm() string {
	if _, ok := c.signing.(*ecdsa.PrivateKey); ok {
		return "ES256"
	}
	return "PS256"
}
