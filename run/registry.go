package run

import (
	"context"
	"flag"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// Registry runs the registry until ctx ends.
func Registry(ctx context.Context, arguments []string, _, _ io.Writer) error {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	part := newPart(flags, "unix:run/registry.sock")
	live := newLive(flags, "run/registry-admin.sock", "run/registry-state")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	setup, err := part.open(ctx)
	if err != nil {
		return err
	}
	defer setup.close()
	setup.log = setup.log.With("part", "registry")
	side := &registrySide{ctx: ctx, setup: setup, keys: control.NewKeys(setup.store, true, setup.log)}
	follower, err := live.load(ctx, part.routes, side, setup.log)
	if err != nil {
		return err
	}
	setup.closers = append(setup.closers, follower)
	listener, err := socket.Listen(ctx, part.address)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return registry.Serve(ctx, listener, side, setup.log) })
	live.serve(ctx, group, follower, follower.Status)
	setup.log.InfoContext(ctx, "registry serves", "address", part.address, "version", follower.Status().Version)
	return group.Wait()
}

// registrySide is the registry's side of a Follower: a configuration is in force from one request to the next.
type registrySide struct {
	ctx     context.Context // the part's own, that outlives one Apply
	setup   *setup
	keys    *control.Keys
	current atomic.Pointer[registry.Registry]
}

// Apply implements control.Part.
func (s *registrySide) Apply(_ context.Context, config *config.Version) error {
	ring, err := s.keys.Ring(s.ctx, config.File)
	if err != nil {
		return err
	}
	registry, err := newRegistry(s.setup, config, ring)
	if err != nil {
		return err
	}
	s.current.Store(registry)
	return nil
}

// Files implements control.Part: the keys that sign tokens are kept fresh by their ring.
func (s *registrySide) Files(*config.Version) []string { return nil }

// Changed implements control.Part.
func (s *registrySide) Changed(context.Context) {}

// ServeHTTP implements http.Handler.
func (s *registrySide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current.Load().ServeHTTP(w, r)
}

func newRegistry(setup *setup, config *config.Version, ring *token.Ring) (*registry.Registry, error) {
	file := config.File
	settings := registry.Config{File: file, Directories: map[string]*dcr.Directory{}, Profiles: config.Profiles}
	for _, d := range config.Directories {
		settings.Directories[d.Name] = d.Directory
	}
	return registry.New(settings, registry.Parts{
		Store:    setup.store,
		Ring:     ring,
		Issuer:   token.NewIssuer(ring, file.Issuer, file.Tokens.Audience, file.Tokens.Lifetime, time.Now),
		Verifier: token.NewVerifier(ring, file.Issuer, file.Tokens.Audience),
		Log:      setup.log,
		Now:      time.Now,
	})
}
