package control

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
)

// rotatePeriod is how long a key signs access tokens before the next one takes over.
const rotatePeriod = 30 * 24 * time.Hour

// Keys are the keys for access tokens that routes.yaml asks for: of its files, or kept in the store.
type Keys struct {
	store  *store.Store
	log    *slog.Logger
	issues bool // a registry's, which makes the store's keys; a gate reads them

	files    []string
	lifetime time.Duration
	ring     *token.Ring
	stop     context.CancelFunc
}

// NewKeys returns the keys of a gate, or of a registry, which issues.
func NewKeys(store *store.Store, issues bool, log *slog.Logger) *Keys {
	return &Keys{store: store, issues: issues, log: log}
}

// Ring returns the ring of a file's keys: the one there is, as long as the file asks for the same. It is kept fresh
// until another one takes its place, or ctx, which is the part's own, ends.
func (k *Keys) Ring(ctx context.Context, file *routes.File) (*token.Ring, error) {
	var files []string
	for _, name := range file.Tokens.Keys {
		files = append(files, file.Abs(name))
	}
	if k.ring != nil && slices.Equal(files, k.files) && k.lifetime == file.Tokens.Lifetime {
		return k.ring, nil
	}
	ring := k.open(files, file.Tokens.Lifetime)
	if err := ring.Load(ctx); err != nil {
		if k.issues || k.ring != nil || len(files) > 0 {
			return nil, err
		}
		k.log.WarnContext(ctx, "no keys for access tokens yet", "cause", err.Error()) // a gate may be up before the first registry
	}
	if k.stop != nil {
		k.stop()
	}
	following, stop := context.WithCancel(ctx)
	go ring.Follow(following, k.log)
	k.files, k.lifetime, k.ring, k.stop = files, file.Tokens.Lifetime, ring, stop
	return ring, nil
}

func (k *Keys) open(files []string, lifetime time.Duration) *token.Ring {
	switch {
	case len(files) > 0:
		return token.FileRing(files)
	case k.issues:
		return token.KeptRing(k.store, token.Rotation{Period: rotatePeriod, Lifetime: lifetime}, time.Now)
	}
	return token.StoreRing(k.store, time.Now)
}
