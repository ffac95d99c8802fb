package filter

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// OwnerFilter proves that the client a request asks for is the client whose token it carries, and that the path and the
// token may manage it: what protects a client is data of its record's profile, whatever path is used.
//
// "If the ClientId is unknown, the ASPSP responds with an Unauthorized status code and immediately revokes the access
// token." (OBIE DCR 3.1 to 3.4; RFC 7592, section 2.1). A client id of another client gets the same answer,
// without a look-up, so that ids cannot be probed.
type OwnerFilter struct {
	Store *store.Store
	Known trust.Known
}

// Check implements Filter: it proves Request.Client and Request.ClientProfile.
func (f *OwnerFilter) Check(ctx context.Context, r *Request) error {
	asked, err := url.PathUnescape(r.Params[routes.ClientIDParam]) // only once: a client id needs no escaping
	if err != nil {
		return f.revoke(ctx, r, notOwn)
	}
	if subtle.ConstantTimeCompare([]byte(asked), []byte(r.Token.ClientID)) != 1 {
		return f.revoke(ctx, r, notOwn)
	}
	client, err := f.Store.Client(ctx, r.Token.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return f.revoke(ctx, r, "is not registered any more")
	case err != nil:
		return fmt.Errorf("record of the client: %w", err)
	case client.GetState() != dcrpb.Client_ACTIVE:
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the client is suspended"))
	}
	own, err := f.Known(client)
	if err != nil {
		return err
	}
	if served := r.Route.Directories; len(served) > 0 && !slices.Contains(served, client.GetSoftware().GetDirectory()) {
		return dcr.Refuse("owner.directory")
	}
	if err := rule.CheckManagement(own, r.Token.Scopes); err != nil {
		return err
	}
	r.Client, r.ClientProfile = client, own
	return nil
}

// notOwn is the fault of a path with another id than the token's: a client's, or nobody's.
const notOwn = "is not the token's"

// revoke revokes the token and then refuses. If it cannot revoke, the answer is a 503 and does not claim that the token
// is revoked.
func (f *OwnerFilter) revoke(ctx context.Context, r *Request, fault string) error {
	if err := f.Store.Revoke(ctx, r.Token.ClientID, r.Token.ID, r.Token.Expires); err != nil {
		return fmt.Errorf("revoking the token of a foreign request: %w", err)
	}
	return dcr.Refuse("owner.client", fault)
}
