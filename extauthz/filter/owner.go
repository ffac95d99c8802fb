package filter

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// OwnerFilter proves that the client a request asks for is the client whose token it carries.
//
// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token." (OBIE DCR 3.1 to 3.4; RFC 7592, section 2.1). A client id of another client gets the same answer,
// without a look-up, so that ids cannot be probed.
type OwnerFilter struct{ store *store.Store }

// NewOwnerFilter returns the filter.
func NewOwnerFilter(store *store.Store) *OwnerFilter { return &OwnerFilter{store: store} }

// Check implements Filter: it proves Request.Client.
func (f *OwnerFilter) Check(ctx context.Context, r *Request) error {
	asked, err := url.PathUnescape(r.Params[routes.ClientIDParam]) // only once: a client id needs no escaping
	if err != nil {
		return f.revoke(ctx, r, "the path names no client id")
	}
	if subtle.ConstantTimeCompare([]byte(asked), []byte(r.Token.ClientID)) != 1 {
		return f.revoke(ctx, r, "the token is another client's")
	}
	client, err := f.store.Client(ctx, r.Token.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return f.revoke(ctx, r, "the client is not there")
	case err != nil:
		return fmt.Errorf("record of the client: %w", err)
	case client.GetState() != dcrpb.Client_ACTIVE:
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the client is suspended"))
	}
	r.Client = client
	return nil
}

// revoke revokes the token and then refuses. If it cannot revoke, the answer is a 503 and does not claim that the token
// is revoked.
func (f *OwnerFilter) revoke(ctx context.Context, r *Request, why string) error {
	if err := f.store.Revoke(ctx, r.Token.ClientID, r.Token.ID, r.Token.Expires); err != nil {
		return fmt.Errorf("revoking the token of a foreign request: %w", err)
	}
	return dcr.Refuse("owner.client").CausedBy(errors.New(why + "; the token is revoked"))
}
