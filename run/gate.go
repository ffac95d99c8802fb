package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	// factsKeyLife is how long registries know a gate's key after the gate last said so.
	factsKeyLife  = time.Hour
	factsKeyRenew = time.Minute

	// gcPercent lets the gate's small heap grow to four times what lives in it before it is collected: each check leaves
	// much behind and keeps little.
	gcPercent = 300
)

// Gate runs the gate until ctx ends.
func Gate(ctx context.Context, arguments []string, _, _ io.Writer) error {
	flags := flag.NewFlagSet("gate", flag.ContinueOnError)
	part := newPart(flags, "unix:run/gate.sock")
	var options envoy.Options
	flags.StringVar(&options.XDS, "xds", "unix:run/xds.sock", "`ADDRESS` that Envoy gets its configuration from: unix:PATH, for it carries keys")
	flags.StringVar(&options.AccessLog, "access-log", "/dev/stdout", "`FILE` of Envoy's access log, as Envoy sees it")
	flags.Func("listen-on", "`NAME=IP:PORT` of a listener that this gate's Envoy serves elsewhere than routes.yaml says, as several on one machine must; may be repeated", options.AddListenOn)
	linger := flags.Duration("linger", 8*time.Second, "longest `TIME` to go on for an Envoy that has not ended yet")
	live := newLive(flags, "run/gate-admin.sock", "run/gate-state")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	options.Gate = part.address
	setup, err := part.open(ctx)
	if err != nil {
		return err
	}
	defer setup.close()
	setup.log = setup.log.With("part", "gate")
	signer, err := facts.NewSigner()
	if err != nil {
		return err
	}
	if err := setup.store.PublishFactsKey(ctx, signer.KeyID(), signer.JWK(), factsKeyLife); err != nil {
		return fmt.Errorf("publishing the key for facts: %w", err)
	}
	gate, err := extauthz.New(extauthz.Config{Signer: signer, Log: setup.log, Now: time.Now})
	if err != nil {
		return err
	}
	policies := &control.Policies{Store: setup.store, Keys: control.NewKeys(setup.store, false, setup.log)}
	side := control.NewGate(gate, func(c *config.Version) (*extauthz.Policy, error) { return policies.Make(ctx, c) }, options, setup.log)
	follower, err := live.load(ctx, part.routes, side, setup.log)
	if err != nil {
		return err
	}
	setup.closers = append(setup.closers, follower)
	status := func() control.Status {
		s := follower.Status()
		side.Describe(&s)
		return s
	}
	return serveGate(ctx, gateParts{part, setup, signer, gate, side, follower, live, options, *linger, status})
}

// gateParts is what a gate is made of.
type gateParts struct {
	part     *part
	setup    *setup
	signer   *facts.Signer
	gate     *extauthz.Gate
	side     *control.Gate
	follower *control.Follower
	live     *live
	options  envoy.Options
	linger   time.Duration
	status   func() control.Status
}

// serveGate serves until ctx ends, and then for as long as an Envoy is there that may still ask.
func serveGate(ctx context.Context, g gateParts) error {
	decisions, err := socket.Listen(ctx, g.part.address)
	if err != nil {
		return err
	}
	configuration, err := socket.Listen(ctx, g.options.XDS)
	if err != nil {
		return errors.Join(err, decisions.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	outlive, end := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { defer end(); lingering(ctx, g.side, g.linger); return nil })
	group.Go(func() error { return extauthz.Serve(outlive, decisions, g.gate, g.setup.log) })
	group.Go(func() error { return g.side.XDS().Serve(outlive, configuration) })
	group.Go(func() error { return g.side.Run(ctx, g.follower) })
	group.Go(func() error { publish(ctx, g.setup, g.signer); return nil })
	g.live.serve(ctx, group, g.follower, g.status)
	g.setup.log.InfoContext(ctx, "gate serves", "address", g.part.address, "xds", g.options.XDS, "version", g.status().Version)
	return group.Wait()
}

// lingering returns when ctx has ended and no Envoy is connected any more, or after a while.
func lingering(ctx context.Context, side *control.Gate, longest time.Duration) {
	<-ctx.Done()
	for begun := time.Now(); time.Since(begun) < longest && len(side.XDS().Envoys()) > 0; {
		time.Sleep(50 * time.Millisecond)
	}
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
