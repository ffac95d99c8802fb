package run

import (
	"context"
	"flag"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/registry"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// registryOptions are the flags of a registry. It has no routes file: gates publish their versions in Redis.
type registryOptions struct {
	part
	entrance entrance
	secrets  string
}

func (o *registryOptions) define(flags *flag.FlagSet) {
	o.part.define(flags, "registry")
	o.entrance.define(flags)
	flags.StringVar(&o.secrets, "secrets", ".", "`DIR` of the secret files that routes.yaml names (tokens.keys), under the same relative names")
}

// Registry is the command that runs a registry until its context ends.
func Registry() cli.Command {
	return cli.Command{
		Name: "registry", Summary: "Keep clients and tokens, behind Envoy",
		Details: `A registry reads no routes.yaml: gates publish their versions in Redis, and each request names the one that it was
decided under. It answers only requests that carry facts signed by a gate. SIGHUP has it reopen its log.`,
		Example: `dcr-gateway registry --redis redis://127.0.0.1:6379/0 --secrets /etc/dcr
dcr-gateway registry --redis rediss://redis.bank.example --listen 10.0.0.7:8443 --tls-cert registry.pem --tls-key registry.key \
    --tls-client-ca gateways-ca.pem`,
		Setup: func(flags *flag.FlagSet) cli.Run {
			var options registryOptions
			options.define(flags)
			return func(ctx context.Context, call cli.Call) error {
				if err := options.entrance.check(); err != nil {
					return err
				}
				secrets, err := filepath.Abs(options.secrets)
				if err != nil {
					return err
				}
				return options.do(ctx, call, func(setup *setup) error {
					r := &registryProcess{registryOptions: options, setup: setup}
					serving := afterNotice(ctx, r.entrance.lasts())
					r.build(serving, secrets)
					return r.serve(serving, giveNotice(ctx, r.spans.From().HTTP(r.requests)))
				})
			}
		},
	}
}

// registryProcess is a registry with its dependencies.
type registryProcess struct {
	registryOptions
	*setup
	requests *registry.Registry
}

// build puts the registry together. It asks neither Redis nor anybody else.
func (r *registryProcess) build(ctx context.Context, secrets string) {
	r.entrance.measure(r.metrics)
	rings := token.NewRings(ctx, r.store, true, r.log, r.metrics)
	r.requests = registry.New(registry.Parts{
		Store: r.store, Rings: rings, Secrets: secrets, Metrics: r.metrics, Log: r.log, Now: time.Now,
	})
}

// serve serves requests until ctx ends.
func (r *registryProcess) serve(ctx context.Context, requests http.Handler) error {
	listener, err := r.entrance.listen(ctx, r.log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveRequests(ctx, listener, requests, r.log) })
	group.Go(func() error { onHangup(ctx, r.reopen); return nil })
	group.Go(func() error { r.requests.Run(ctx); return nil })
	group.Go(func() error { r.store.Follow(ctx, r.log); return nil })
	metrics := r.metrics.Handler(r.log)
	r.serveAdmin(ctx, group, registryAdmin(r.requests.Status, metrics), registryHealth(r.requests.Status, metrics))
	r.log.InfoContext(ctx, "registry serves", "address", r.entrance.String())
	return group.Wait()
}
