package run

import (
	"context"
	"errors"
	"flag"
	"io"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// registryOptions are the flags of a registry. It has no routes file: gates publish their versions in Redis.
type registryOptions struct {
	part
	secrets string
}

func (o *registryOptions) define(flags *flag.FlagSet) {
	o.part.define(flags, "registry")
	flags.StringVar(&o.secrets, "secrets", ".", "`DIR` of the secret files that routes.yaml names (tokens.keys), under the same relative names")
}

// Registry runs the registry until ctx ends.
func Registry(ctx context.Context, arguments []string, _, _ io.Writer) error {
	var options registryOptions
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	options.define(flags)
	if err := parse(flags, arguments); err != nil {
		return err
	}
	r, err := newRegistry(ctx, options)
	if err != nil {
		return err
	}
	return errors.Join(r.serve(ctx), r.close())
}

// registryProcess is a registry with what it stands on.
type registryProcess struct {
	registryOptions
	*setup
	requests *registry.Registry
}

func newRegistry(ctx context.Context, options registryOptions) (*registryProcess, error) {
	secrets, err := filepath.Abs(options.secrets)
	if err != nil {
		return nil, err
	}
	setup, err := options.open(ctx)
	if err != nil {
		return nil, err
	}
	requests := registry.New(registry.Parts{
		Store: setup.store, Rings: token.NewRings(ctx, setup.store, true, setup.log), Secrets: secrets, Log: setup.log, Now: time.Now,
	})
	return &registryProcess{registryOptions: options, setup: setup, requests: requests}, nil
}

// serve serves until ctx ends.
func (r *registryProcess) serve(ctx context.Context) error {
	listener, err := socket.Listen(ctx, r.address)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return registry.Serve(ctx, listener, r.requests, r.log) })
	group.Go(func() error { r.requests.Run(ctx); return nil })
	r.serveAdmin(ctx, group, registryAdmin(r.requests.Status), registryHealth(r.requests.Status))
	r.log.InfoContext(ctx, "registry serves", "address", r.address)
	return group.Wait()
}
