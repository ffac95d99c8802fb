package tpp

import (
	"context"
	"crypto"
	"crypto/tls"
	"maps"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// edit is what is changed in a JWT.
type edit struct {
	algorithm string                   // what alg says: RS256 is signed so, all else with PS256
	unsigned  bool                     // the signature is left empty
	times     map[string]time.Duration // claims, from now
	claims    map[string]any
	omit      []string
}

// changed are the claims that are set.
func (e edit) changed() map[string]any {
	claims, now := map[string]any{}, time.Now()
	for name, ahead := range e.times {
		claims[name] = now.Add(ahead).Unix()
	}
	maps.Copy(claims, e.claims)
	return claims
}

// apply changes a registration request.
func (e edit) apply(request *dcrclient.JWT) {
	maps.Copy(request.Claims, e.changed())
	for _, name := range e.omit {
		delete(request.Claims, name)
	}
	if e.algorithm != "" {
		request.Header["alg"] = e.algorithm
	}
	if e.unsigned {
		request.Key = nil
	}
}

// changes are the edit of a software statement, for the directory.
func (e edit) changes() dcrclient.Changes {
	changes := dcrclient.Changes{Claims: e.changed(), Omit: e.omit}
	if e.algorithm != "" {
		changes.Header = map[string]any{"alg": e.algorithm}
	}
	return changes
}

// broken is a new software product of the sandbox that has a fault. The sandbox's own TPPs stay as they are.
type broken struct {
	*sandbox
	record Record
	theirs int // index of another TPP, in the world

	softwareID string
	transport  tls.Certificate
	signing    crypto.Signer
	stated     string // the software_id that its statement is asked for
}

// newBroken has the directory make the software product.
func newBroken(ctx context.Context, record Record, s *sandbox, roles []string, theirs int) (*broken, error) {
	member, err := s.directory.Enrol(ctx, dcrclient.Order{Roles: roles})
	if err != nil {
		return nil, err
	}
	software, err := member.Software()
	if err != nil {
		return nil, err
	}
	record.SigningKeyID = member.SigningKeyID
	return &broken{
		sandbox: s, record: record, theirs: theirs,
		softwareID: member.SoftwareID, transport: software.Transport, signing: software.Signing, stated: member.SoftwareID,
	}, nil
}

func (b *broken) takeCertificate(context.Context) (err error) {
	b.transport, err = tls.LoadX509KeyPair(b.record.Certificate, b.record.Key)
	return err
}

func (b *broken) takeSoftware(context.Context) error {
	b.stated = b.world.TPPs[b.theirs].SoftwareID
	return nil
}

func (b *broken) revokeKey(ctx context.Context) error {
	return b.directory.RevokeKey(ctx, b.softwareID, b.record.SigningKeyID)
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

// client returns the TPP with its possibly broken papers and statement.
func (b *broken) client(ctx context.Context, f *Fault) (*Client, error) {
	if f.papers != nil {
		if err := f.papers(b, ctx); err != nil {
			return nil, err
		}
	}
	client, err := newClient(b.record, b.transport, b.signing)
	if err != nil {
		return nil, err
	}
	if client.StatementText, err = b.directory.Statement(ctx, b.stated, f.statement.changes()); err != nil || !f.forged {
		return client, err
	}
	statement, err := dcrclient.ParseJWT(client.StatementText)
	if err != nil {
		return nil, err
	}
	statement.Key = b.signing
	client.StatementText, err = statement.Compact()
	return client, err
}
