package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
)

const (
	// factsKeyLife is how long registries accept a gate's key after it was last published.
	factsKeyLife = time.Hour

	// versionLife is how long registries can read a version after it was last published.
	versionLife = 24 * time.Hour

	// publishEvery bounds how long a gate takes to notice that Redis has lost what it published.
	publishEvery = time.Second
)

// A Publisher publishes in Redis what registries need to serve a gate's requests: the key that signs its facts, and the
// versions that it decides by.
type Publisher struct {
	store *store.Store
	key   store.Publication
	log   *slog.Logger
}

// NewPublisher returns the publisher of the gate whose facts the signer signs.
func NewPublisher(s *store.Store, signer *facts.Signer, log *slog.Logger) *Publisher {
	return &Publisher{store: s, key: store.FactsKey(signer.KeyID(), signer.JWK(), factsKeyLife), log: log}
}

// errTemporary marks a failure that a retry may fix although the file is the same.
var errTemporary = errors.New("it will be tried again")

// publish publishes the key and a version, before the gate decides by it. After errTemporary run goes on trying.
func (p *Publisher) publish(ctx context.Context, version *config.Version) (store.Publication, error) {
	packed, err := version.Pack()
	if err != nil {
		return store.Publication{}, err
	}
	files := store.VersionFiles(version.ID(), packed, versionLife)
	if _, err := p.store.Publish(ctx, p.key, files); err != nil {
		return files, fmt.Errorf("publishing the version for the registries: %w; %w", err, errTemporary)
	}
	return files, nil
}

// run publishes the key and the versions in use again whenever Redis has lost them, until ctx ends.
func (p *Publisher) run(ctx context.Context, inUse func() []store.Publication) {
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := p.store.Publish(ctx, append(inUse(), p.key)...)
		if err != nil && !failing && ctx.Err() == nil {
			p.log.ErrorContext(ctx, "publishing for the registries", "cause", err.Error())
		}
		failing = err != nil
	}
}
