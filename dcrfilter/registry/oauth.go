package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	requests "github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// parameters reads the form of a request to an OAuth endpoint, whose client the gate has authenticated.
func (e *edition) parameters(r *request) (requests.Form, error) {
	client, certificate := r.facts.GetClient(), r.facts.GetCertificate()
	if client.GetId() == "" || client.GetAuthMethod() == "" || certificate.GetThumbprint() == "" {
		return nil, dcr.Refuse("facts.client").CausedBy(errors.New("the facts name no client that was authenticated with its certificate"))
	}
	e.of(r.line, "", client.GetSoftware())
	return requests.ReadForm(r.header, r.query, r.body)
}

// A marker is one of the store's functions that mark jtis as used.
type marker = func(ctx context.Context, clientID string, used []*dcrpb.UsedJTI) error

// burn marks the jti of the client assertion as used. A request without an assertion has none.
func (e *edition) burn(ctx context.Context, r *request, mark marker) error {
	err := mark(ctx, r.facts.GetClient().GetId(), r.facts.GetUsedJtis())
	switch {
	// "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used "jti" values" (RFC
	// 7523, section 3)
	case errors.Is(err, store.ErrReplayed):
		return dcr.Refuse("jti.replay", "client assertion").As(dcr.InvalidClient).CausedBy(err)
	case errors.Is(err, store.ErrNotFound):
		return dcr.Refuse("client.unknown").As(dcr.InvalidClient).CausedBy(err)
	case err != nil:
		return fmt.Errorf("marking an assertion as used: %w", err)
	}
	return nil
}

// authenticated reads the record of the client that the gate has authenticated.
func (e *edition) authenticated(ctx context.Context, r *request) (*dcrpb.Client, error) {
	client, err := e.parts.Store.Client(ctx, r.facts.GetClient().GetId())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, dcr.Refuse("client.unknown").As(dcr.InvalidClient).CausedBy(err)
	case err != nil:
		return nil, fmt.Errorf("record of the client: %w", err)
	case client.GetState() != dcrpb.Client_ACTIVE:
		return nil, dcr.Refuse("client.suspended")
	}
	e.of(r.line, client.GetProfile(), client.GetSoftware())
	_, err = e.orphans.Profile(e.version, client)
	return client, err
}
