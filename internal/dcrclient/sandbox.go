package dcrclient

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// Member is a software product of a sandbox's directory with all of its owner's credentials. In a response of the directory
// certificates, keys and the statement are inline; in world.json they are names of files.
type Member struct {
	OrgID           string   `json:"org_id"`
	SoftwareID      string   `json:"software_id"`
	Roles           []string `json:"roles"`
	RedirectURIs    []string `json:"redirect_uris"`
	TransportCert   string   `json:"transport_cert"`
	TransportKey    string   `json:"transport_key"`
	TransportKeyID  string   `json:"transport_kid"`
	TransportSerial string   `json:"transport_serial"` // decimal
	SigningCert     string   `json:"signing_cert"`
	SigningKey      string   `json:"signing_key"`
	SigningKeyID    string   `json:"signing_kid"`
	JWKS            string   `json:"jwks_url"`
	JWKSFile        string   `json:"jwks_file,omitempty"` // in world.json alone: the key set as it was when the world was made
	Statement       string   `json:"ssa"`
}

// Software returns the software product of a member with inline certificates, keys and statement. The caller adds the
// profile and the audience.
func (m *Member) Software() (*Software, error) {
	transport, err := tls.X509KeyPair([]byte(m.TransportCert), []byte(m.TransportKey))
	if err != nil {
		return nil, fmt.Errorf("the directory's transport certificate: %w", err)
	}
	signing, err := pemfile.PrivateKey([]byte(m.SigningKey))
	if err != nil {
		return nil, fmt.Errorf("the directory's signing key: %w", err)
	}
	return &Software{Transport: transport, Signing: signing, SigningKeyID: m.SigningKeyID, StatementText: m.Statement}, nil
}

// Order asks for a new software product. The directory chooses what it leaves out: a new organisation, all roles, one
// redirect URI. It takes what the order names as it is, even if no bank should accept it.
type Order struct {
	OrgID        string   `json:"org_id,omitempty"`
	Roles        []string `json:"roles,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	Key          string   `json:"key,omitempty"`  // of both certificates: RSA-2048 or P-256
	Kind         string   `json:"kind,omitempty"` // type of its certificates: ob_legacy, obwac or qwac; cdr in Australia
}

// Changes make a software statement differ from what the directory would sign, for tests of a bank.
type Changes struct {
	Claims map[string]any `json:"claims"` // replaced, or added
	Header map[string]any `json:"header"` // replaced, or added
	Omit   []string       `json:"omit"`   // members left out, of the claims and of the header
}

// Directory is the client of a sandbox's directory, which creates software products and signs statements on demand.
type Directory struct {
	API  string // URL
	HTTP *http.Client
}

// OpenDirectory returns a client that trusts the CAs of a PEM file.
func OpenDirectory(api, caFile string) (*Directory, error) {
	roots, err := Roots(caFile)
	if err != nil {
		return nil, err
	}
	return &Directory{API: api, HTTP: NewHTTP(roots, nil)}, nil
}

// Enrol has the directory create a new software product with its keys and certificates.
func (d *Directory) Enrol(ctx context.Context, order Order) (*Member, error) {
	text, err := d.Ask(ctx, "/software", order)
	if err != nil {
		return nil, err
	}
	var member Member
	if err := json.Unmarshal(text, &member); err != nil {
		return nil, fmt.Errorf("the directory's answer: %w", err)
	}
	return &member, nil
}

// Statement has the directory sign a fresh software statement.
func (d *Directory) Statement(ctx context.Context, softwareID string, changes Changes) (string, error) {
	text, err := d.Ask(ctx, "/ssa", struct {
		SoftwareID string `json:"software_id"`
		Changes
	}{softwareID, changes})
	return string(text), err
}

// RevokeKey has the directory move a key of a software product and its certificate to the revoked set.
func (d *Directory) RevokeKey(ctx context.Context, softwareID, kid string) error {
	_, err := d.Ask(ctx, "/revoke", map[string]string{"software_id": softwareID, "kid": kid})
	return err
}

// Ask posts an order to the directory as JSON and returns the body of the response.
func (d *Directory) Ask(ctx context.Context, path string, order any) ([]byte, error) {
	body, err := json.Marshal(order)
	if err != nil {
		return nil, err
	}
	request := &Request{Method: http.MethodPost, URL: d.API + path, Header: http.Header{}, Body: body}
	answer, err := Send(ctx, d.HTTP, request)
	if err != nil {
		return nil, fmt.Errorf("ask the sandbox's directory: %w", err)
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("the sandbox's directory refuses %s: status %d: %s", path, answer.Status, answer.Refusal().Description)
	}
	return answer.Body, nil
}
