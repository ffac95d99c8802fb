package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/extauthz/chains"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// gcPercent lets the gate's small heap grow to four times its live size before it is collected: a check allocates much and
// keeps little.
const gcPercent = 300

// gateOptions are the flags of a gate.
type gateOptions struct {
	part
	routes, state string
	envoy         envoy.Options
	linger        time.Duration
	logOneIn      int
}

func (o *gateOptions) define(flags *flag.FlagSet) {
	o.part.define(flags, "gate")
	flags.StringVar(&o.routes, "routes", "routes.yaml", "the routes `FILE`")
	flags.StringVar(&o.state, "state", "run/gate-state", "`DIR` for the last versions of the routes; \"\" keeps them only until the process ends")
	o.envoy.Gate, o.envoy.XDS = "unix:run/gate.sock", "unix:run/xds.sock"
	flags.Var(&o.envoy.Gate, "listen", "`ADDRESS` where Envoy asks about requests, unix:PATH")
	flags.Var(&o.envoy.XDS, "xds", "`ADDRESS` where Envoy gets its configuration and keys, unix:PATH")
	flags.StringVar(&o.envoy.AccessLog, "access-log", "/dev/stdout", "`FILE` of Envoy's access log, relative to Envoy's working directory")
	flags.Func("listen-on", "`NAME=IP:PORT` overrides a listener's address for this gate's Envoy, needed for several on one machine; may be repeated", o.envoy.AddListenOn)
	flags.IntVar(&o.logOneIn, "log-one-in", 1, "log one of `N` allowed calls of a bank's API, and all else")
	flags.DurationVar(&o.linger, "linger", 8*time.Second, "longest `TIME` to keep serving at the end while an Envoy is connected")
}

// Gate is the command that runs a gate until its context ends.
func Gate() cli.Command {
	return cli.Command{
		Name: "gate", Summary: "Decide about requests: Envoy's ext_authz service",
		Details: `A gate reads routes.yaml, publishes each version of it in Redis, gives Envoy its configuration, and decides about every
request. It stands beside its Envoy and speaks to it over Unix sockets. SIGHUP has it reopen its log
and look at its files at once.`,
		Example: `dcr-gateway gate --routes routes.yaml --redis redis://127.0.0.1:6379/0 --health :9100`,
		Setup: func(flags *flag.FlagSet) cli.Run {
			var options gateOptions
			options.define(flags)
			return func(ctx context.Context, call cli.Call) error {
				debug.SetGCPercent(gcPercent)
				return options.do(ctx, call, func(setup *setup) error {
					g := &gate{gateOptions: options, setup: setup}
					if err := g.build(ctx); err != nil {
						return err
					}
					if err := g.load(ctx); err != nil {
						return err
					}
					return g.serve(ctx)
				})
			}
		},
	}
}

// gate is a gate with an active version.
type gate struct {
	gateOptions
	*setup
	decisions *extauthz.Gate
	versions  *control.Gate
	follower  *control.Follower
}

// build puts the gate together. It asks neither Redis nor anybody else.
func (g *gate) build(ctx context.Context) error {
	g.envoy.Traces = g.collector
	signer, err := facts.NewSigner()
	if err != nil {
		return err
	}
	if g.decisions, err = extauthz.New(extauthz.Config{Signer: signer, Log: g.log, Metrics: g.metrics, Now: time.Now, LogOneIn: g.logOneIn, Tracer: g.spans.From()}); err != nil {
		return err
	}
	g.versions = control.NewGate(control.Parts{
		Gate:      g.decisions,
		Policies:  chains.New(g.store, token.NewRings(ctx, g.store, false, g.log, g.metrics), g.metrics),
		Publisher: control.NewPublisher(g.store, signer, g.log),
		Envoy:     g.envoy,
		Log:       g.log,
	})
	if g.state != "" {
		if err := os.MkdirAll(filepath.Dir(g.state), 0o750); err != nil {
			return err
		}
	}
	if g.follower, err = control.NewFollower(g.routes, g.state, g.versions, g.log); err != nil {
		return err
	}
	g.closers = append(g.closers, g.follower)
	control.Measure(g.metrics, g.status)
	g.metrics.Expires(g.versions.Expiries)
	return nil
}

// load activates the first version.
func (g *gate) load(ctx context.Context) error {
	if g.state != "" {
		if err := sameInstallation(filepath.Join(g.state, "installation"), g.store.Installation()); err != nil {
			return err
		}
	}
	return g.follower.Load(ctx)
}

// sameInstallation refuses a Redis with another installation than the one that the gate served before: the Redis of a test,
// or one that was begun anew after its data was lost.
func sameInstallation(file, id string) error {
	before, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.WriteFile(file, []byte(id), 0o600)
	case err != nil:
		return err
	case string(before) != id:
		return fmt.Errorf("redis holds installation %s, and this gate served %.40q before: correct --redis, or remove %s if the change is meant", id, before, file)
	}
	return nil
}

// serve serves until ctx ends, and then as long as an Envoy is connected that may still ask, up to the linger time.
func (g *gate) serve(ctx context.Context) error {
	decisions, err := g.envoy.Gate.Listen(ctx, socket.Group)
	if err != nil {
		return err
	}
	configuration, err := g.envoy.XDS.Listen(ctx, socket.Group)
	if err != nil {
		return errors.Join(err, decisions.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	outlive, end := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { defer end(); g.lingering(ctx); return nil })
	group.Go(func() error { return extauthz.Serve(outlive, decisions, g.decisions, g.log) })
	group.Go(func() error { return g.versions.XDS().Serve(outlive, configuration) })
	group.Go(func() error { return g.versions.Run(ctx, g.follower) })
	group.Go(func() error { return g.follower.Run(ctx) })
	group.Go(func() error { onHangup(ctx, func() { g.reopen(); g.follower.Poke() }); return nil })
	group.Go(func() error { g.store.Follow(ctx, g.log); return nil })
	metrics := g.metrics.Handler(g.log)
	g.serveAdmin(ctx, group, control.Admin(g.follower, g.status, metrics), control.Health(g.status, metrics))
	g.log.InfoContext(ctx, "gate serves", "address", g.envoy.Gate, "xds", g.envoy.XDS, "version", g.status().Version)
	return group.Wait()
}

func (g *gate) status() control.Status {
	status := g.follower.Status()
	g.versions.Describe(&status)
	return status
}

// lingering returns when ctx has ended and no Envoy is connected any more, or after a while.
func (g *gate) lingering(ctx context.Context) {
	<-ctx.Done()
	for begun := time.Now(); time.Since(begun) < g.linger && len(g.versions.XDS().Envoys()) > 0; {
		time.Sleep(50 * time.Millisecond)
	}
}
