package main

import (
	"context"
	"flag"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// rotatePeriod is how long a key signs access tokens before the next one takes over.
const rotatePeriod = 30 * 24 * time.Hour

func runRegistry(ctx context.Context, arguments []string, _, _ io.Writer) error {
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	part := newPart(flags, "unix:run/registry.sock")
	if err := flags.Parse(arguments); err != nil {
		return usageError("")
	}
	setup, err := part.open(ctx)
	if err != nil {
		return err
	}
	defer setup.close()
	ring := setup.keys()
	if len(setup.keyFiles()) == 0 {
		ring = token.KeptRing(setup.store, token.Rotation{Period: rotatePeriod, Lifetime: setup.file.Tokens.Lifetime}, time.Now)
	}
	if err := ring.Load(ctx); err != nil {
		return err
	}
	registry, err := newRegistry(setup, ring)
	if err != nil {
		return err
	}
	listener, err := socket.Listen(ctx, part.address)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { ring.Follow(ctx, setup.log); return nil })
	group.Go(func() error { return dcrfilter.Serve(ctx, listener, registry, setup.log) })
	setup.log.InfoContext(ctx, "registry serves", "address", part.address, "version", setup.file.Version)
	return group.Wait()
}

func newRegistry(setup *setup, ring *token.Ring) (*dcrfilter.Registry, error) {
	config, err := registryConfig(setup)
	if err != nil {
		return nil, err
	}
	return dcrfilter.New(config, dcrfilter.Parts{
		Store:    setup.store,
		Ring:     ring,
		Issuer:   token.NewIssuer(ring, config.Issuer, config.Audience, setup.file.Tokens.Lifetime, time.Now),
		Verifier: token.NewVerifier(ring, config.Issuer, config.Audience),
		Log:      setup.log,
		Now:      time.Now,
	})
}

// registryConfig is the registry's part of routes.yaml: the routes that name an endpoint.
func registryConfig(setup *setup) (dcrfilter.Config, error) {
	file := setup.file
	config := dcrfilter.Config{
		Issuer: file.Issuer, Audience: file.Tokens.Audience, Audiences: file.Audiences, AuthMethods: file.AuthMethods,
		Directories: map[string]*dcr.Directory{},
	}
	for _, d := range setup.directories {
		config.Directories[d.Name] = d.Directory
	}
	for i := range file.Routes {
		r := &file.Routes[i]
		if r.Endpoint == "" {
			continue
		}
		route := dcrfilter.Route{Name: r.Name, Methods: r.Methods, Path: r.Path, URL: file.URL(r), Endpoint: dcrfilter.Endpoint(r.Endpoint)}
		if r.Profile != "" {
			var err error
			if route.Profile, err = profile.Load(r.Profile); err != nil {
				return config, err
			}
		}
		config.Routes = append(config.Routes, route)
	}
	return config, nil
}
