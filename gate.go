package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	// A bank API's checks read one key of Redis; a registration may have to fetch a new TPP's keys.
	warmBudget = time.Second
	coldBudget = 4 * time.Second

	// factsKeyLife is how long registries know a gate's key after the gate last said so.
	factsKeyLife  = time.Hour
	factsKeyRenew = time.Minute

	// gcPercent lets the gate's small heap grow to four times what lives in it before it is collected: each check leaves
	// much behind and keeps little.
	gcPercent = 300
)

func runGate(ctx context.Context, arguments []string, _, _ io.Writer) error {
	flags := flag.NewFlagSet("gate", flag.ContinueOnError)
	part := newPart(flags, "unix:run/gate.sock")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	setup, err := part.open(ctx)
	if err != nil {
		return err
	}
	defer setup.close()
	ring := setup.keys()
	signer, err := facts.NewSigner()
	if err != nil {
		return err
	}
	gate, err := newGate(setup, ring, signer)
	if err != nil {
		return err
	}
	if err := setup.store.PublishFactsKey(ctx, signer.KeyID(), signer.JWK(), factsKeyLife); err != nil {
		return fmt.Errorf("publishing the key for facts: %w", err)
	}
	if err := ring.Load(ctx); err != nil {
		setup.log.WarnContext(ctx, "no keys for access tokens yet", "cause", err.Error())
	}
	listener, err := socket.Listen(ctx, part.address)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { ring.Follow(ctx, setup.log); return nil })
	group.Go(func() error { publish(ctx, setup, signer); return nil })
	group.Go(func() error { return extauthz.Serve(ctx, listener, gate, setup.log) })
	setup.log.InfoContext(ctx, "gate serves", "address", part.address, "version", setup.file.Version)
	return group.Wait()
}

// publish repeats the gate's public key, so that a registry finds it also after Redis was emptied.
func publish(ctx context.Context, setup *setup, signer *facts.Signer) {
	tick := time.NewTicker(factsKeyRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := setup.store.PublishFactsKey(ctx, signer.KeyID(), signer.JWK(), factsKeyLife); err != nil {
				setup.log.ErrorContext(ctx, "publishing the key for facts", "cause", err.Error())
			}
		}
	}
}

func newGate(setup *setup, ring *token.Ring, signer *facts.Signer) (*extauthz.Gate, error) {
	filters, err := newFilters(setup, ring)
	if err != nil {
		return nil, err
	}
	table, err := gateRoutes(setup.file)
	if err != nil {
		return nil, err
	}
	return extauthz.New(extauthz.Config{
		Routes: table, Filters: filters, Version: setup.file.Version, Signer: signer, Log: setup.log, Now: time.Now,
	})
}

// newFilters makes every filter there is; routes choose among them.
func newFilters(setup *setup, ring *token.Ring) ([]filter.Filter, error) {
	file := setup.file
	directories, anchors, err := gateDirectories(setup.directories)
	if err != nil {
		return nil, err
	}
	certificate, err := filter.NewCertificateFilter(anchors)
	if err != nil {
		return nil, err
	}
	bearer, err := filter.NewBearerFilter(token.NewVerifier(ring, file.Issuer, file.Tokens.Audience), setup.store)
	if err != nil {
		return nil, err
	}
	return []filter.Filter{
		certificate, bearer, filter.NewOwnerFilter(setup.store), filter.ScopeFilter{},
		&filter.ClientAuthFilter{Store: setup.store, Directories: directories, Audiences: []string{file.Issuer, file.EndpointURL("token")}},
		&filter.StatementFilter{Directories: directories, Audiences: file.Audiences, AuthMethods: file.AuthMethods},
	}, nil
}

// gateDirectories gives each directory its own way out, which reaches that directory's hosts and no others.
func gateDirectories(loaded []*directory.Directory) (filter.Directories, []filter.KindAnchors, error) {
	directories, anchors := filter.Directories{}, []filter.KindAnchors{}
	for _, d := range loaded {
		for _, known := range directories {
			if known.Issuer == d.Issuer || known.Name == d.Name {
				return nil, nil, fmt.Errorf("two directories have the name or the issuer of %s", d.Name)
			}
		}
		directories[d.Name] = &filter.Directory{Directory: d.Directory, Keys: jwks.New(outbound.New(d.Policy()), time.Now)}
		for _, kind := range d.Certificates {
			anchors = append(anchors, filter.KindAnchors{
				Trust: filter.Trust{Directory: d.Name, Profile: kind.Profile}, Anchors: d.Anchors[kind.Profile],
			})
		}
	}
	return directories, anchors, nil
}

// gateRoutes is the gate's half of routes.yaml; Envoy's is rendered from the same file.
func gateRoutes(file *routes.File) ([]extauthz.Route, error) {
	table := make([]extauthz.Route, 0, len(file.Routes))
	for i := range file.Routes {
		r := &file.Routes[i]
		ready := extauthz.Route{Route: r, Budget: warmBudget}
		if r.Endpoint != "" {
			ready.Budget = coldBudget
		}
		if r.Profile != "" {
			var err error
			if ready.Profile, err = profile.Load(r.Profile); err != nil {
				return nil, err
			}
		}
		table = append(table, ready)
	}
	return table, nil
}
