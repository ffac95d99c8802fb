package tpp

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/json"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// broken is a new software of the sandbox that has a fault. The sandbox's own TPPs stay as they are.
type broken struct {
	*sandbox
	record Record
	theirs int // index of another TPP, in the world

	member  directory.Member
	pair    tls.Certificate
	signing crypto.Signer
	stated  string // the software_id that its statement is asked for
}

// enrol has the directory make the software.
func (b *broken) enrol(ctx context.Context, roles []string) error {
	text, err := b.ask(ctx, "/software", directory.Order{Roles: roles})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &b.member); err != nil {
		return fmt.Errorf("the directory's answer: %w", err)
	}
	b.stated, b.record.SigningKeyID = b.member.SoftwareID, b.member.SigningKeyID
	if b.pair, err = tls.X509KeyPair([]byte(b.member.TransportCert), []byte(b.member.TransportKey)); err != nil {
		return fmt.Errorf("the directory's certificate: %w", err)
	}
	b.signing, err = pki.ParseKey([]byte(b.member.SigningKey))
	return err
}

func (b *broken) takeCertificate(context.Context) (err error) {
	b.pair, err = tls.LoadX509KeyPair(b.record.Certificate, b.record.Key)
	return err
}

func (b *broken) takeSoftware(context.Context) error {
	b.stated = b.world.TPPs[b.theirs].SoftwareID
	return nil
}

func (b *broken) revokeKey(ctx context.Context) error {
	_, err := b.ask(ctx, "/revoke", map[string]string{"software_id": b.member.SoftwareID, "kid": b.member.SigningKeyID})
	return err
}

func (b *broken) newKey(context.Context) error {
	keys, err := pki.RSA(1)
	if err != nil {
		return err
	}
	jwk, err := pki.PublicJWK(keys[0].Public(), "sig")
	b.signing, b.record.SigningKeyID = keys[0], jwk.ID
	return err
}

// client is the TPP with its papers and a statement, as broken as they are.
func (b *broken) client(ctx context.Context, f *Fault) (*Client, error) {
	client, err := newClient(b.record, b.pair, b.signing)
	if err != nil {
		return nil, err
	}
	changes, err := f.statement.changes()
	if err != nil {
		return nil, err
	}
	text, err := b.ask(ctx, "/ssa", struct {
		SoftwareID string `json:"software_id"`
		directory.Changes
	}{b.stated, changes})
	if err != nil {
		return nil, err
	}
	client.StatementText = string(text)
	if f.forged {
		err = client.forge()
	}
	return client, err
}

// forge replaces the directory's signature of the statement with the TPP's own.
func (c *Client) forge() error {
	statement, err := decode(c.StatementText)
	if err != nil {
		return err
	}
	var header map[string]any
	if err := json.Unmarshal(statement.Header, &header); err != nil {
		return err
	}
	c.StatementText, err = directory.Compact(c.signing, c.algorithm(), header, statement.Claims)
	return err
}
