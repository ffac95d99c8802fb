package filter

import (
	"context"
	"errors"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
)

// holderCacheSize is more clients than a bank has at one time: there are some hundreds of TPPs.
const holderCacheSize = 4_096

// A holder is what a version of a client's record says of its certificates: whose they must be, and where the directory
// publishes them.
type holder struct {
	version  uint64
	software *dcr.Software
}

// holders remembers the clients of calls. A record that was changed has another version, which is asked of the store
// with each call, so what is remembered is never old.
type holders struct {
	store *store.Store
	seen  *lru.Cache[string, *holder]
}

func newHolders(store *store.Store) (*holders, error) {
	seen, err := lru.New[string, *holder](holderCacheSize)
	return &holders{store: store, seen: seen}, err
}

// of returns what the record says, of the version given or of one that is newer by now.
func (h *holders) of(ctx context.Context, clientID string, version uint64) (*holder, error) {
	if known, ok := h.seen.Get(clientID); ok && known.version == version {
		return known, nil
	}
	client, err := h.store.Client(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, dcr.Refuse("bearer.token").CausedBy(err)
	}
	if err != nil {
		return nil, fmt.Errorf("record of the client: %w", err)
	}
	read := &holder{version: client.GetVersion(), software: client.GetSoftware()}
	h.seen.Add(clientID, read)
	return read, nil
}

// checkHolder proves that the certificate of a call still belongs to the client: by its names, by the directory's list of
// certificates where it has one, and by its not being revoked. A certificate can be taken away sooner than the tokens that
// were got with it end.
func (f *BearerFilter) checkHolder(ctx context.Context, r *Request, clientID string, version uint64) error {
	client, err := f.holders.of(ctx, clientID, version)
	if err != nil {
		return err
	}
	source := f.directories[client.software.GetDirectory()]
	if source == nil {
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the client's directory is not configured any more"))
	}
	_, err = source.bind(ctx, r.Certificate, client.software)
	if err == nil {
		err = source.vouches(ctx, client.software.GetKeySets(), "", r.Certificate.Thumbprint, source.Keys.RevokedLately)
	}
	return faultOf(err, "bearer.token")
}

// faultOf maps every fault of a client's certificate or keys to one opaque refusal, so that the caller learns nothing
// else. Only an unavailable key set is reported, as 503.
func faultOf(err error, refusal string) error {
	if errors.Is(err, rule.ErrBinding) || errors.Is(err, rule.ErrRoles) || errors.Is(err, errUnlisted) {
		return dcr.Refuse(refusal).CausedBy(err)
	}
	fault := keyFault(err, refusal)
	if reason, ok := errors.AsType[*dcr.Error](fault); ok && reason.Class == dcr.UnapprovedSoftwareStatement {
		return dcr.Refuse(refusal).CausedBy(err)
	}
	return fault
}
