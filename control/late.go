package control

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
)

const (
	forgetEvery = 5 * time.Second

	secretsType = "secrets" // as xds names them
)

// Run hears what Envoy says of a version after it was put in force without its word: when it connects, and when it gets
// other certificates. It also keeps published what the registries need. It returns when ctx ends.
func (g *Gate) Run(ctx context.Context, follower *Follower) error {
	go g.parts.Publisher.run(ctx, g.published)
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			g.forget()
			g.giveBack()
		case outcome := <-g.late:
			g.note(ctx, outcome, follower)
		}
	}
}

// giveBack returns to the system what the last version took while it was made, which is much more than it takes: the gate
// collects its garbage seldom.
func (g *Gate) giveBack() {
	if live := g.current(); live != g.lean {
		g.lean = live
		debug.FreeOSMemory()
	}
}

func (g *Gate) note(ctx context.Context, outcome xds.Outcome, follower *Follower) {
	live := g.current()
	switch {
	case live == nil || outcome.Version != live.version.ID():
	case !outcome.Refused:
		g.confirm(live)
	case live.good != nil && outcome.Type == secretsType:
		_ = follower.do(ctx, func(ctx context.Context) error { // between two versions
			g.refuseSecrets(ctx, live, outcome)
			return nil
		})
	default:
		why := fmt.Sprintf("envoy refuses the %s: %s", outcome.Type, outcome.Words)
		if err := follower.GiveUp(ctx, outcome.Version, why); err != nil {
			g.parts.Log.ErrorContext(ctx, "envoy refuses the version in force", "version", outcome.Version, "cause", err.Error())
		}
	}
}

// refuseSecrets goes back to the certificates that Envoy had taken.
func (g *Gate) refuseSecrets(ctx context.Context, live *edition, outcome xds.Outcome) {
	if g.current() != live {
		return // another version has come with certificates of its own
	}
	g.parts.Log.ErrorContext(ctx, "envoy refuses new certificates, those before stay in use", "cause", outcome.Words)
	g.setFault("envoy refuses the certificates on the disk: " + outcome.Words)
	if err := g.xds.Publish(live.resources, live.good); err != nil {
		g.parts.Log.ErrorContext(ctx, "the certificates before were not published", "cause", err.Error())
	}
}

// Changed implements Part: certificates and keys reach Envoy when their files change. A certificate whose key has not
// come yet waits for it.
func (g *Gate) Changed(ctx context.Context) {
	live := g.current()
	if live == nil {
		return
	}
	secrets, err := envoy.Secrets(live.version.File, live.version.ClientCAs)
	if err != nil {
		g.parts.Log.WarnContext(ctx, "the certificates on the disk are not used, those before stay in use", "cause", err.Error())
		g.setFault(err.Error())
		return
	}
	g.setFault("")
	g.mu.Lock()
	live.secrets = secrets
	g.mu.Unlock()
	if err := g.xds.Publish(live.resources, secrets); err != nil {
		g.parts.Log.ErrorContext(ctx, "certificates were not published", "cause", err.Error())
	}
}

func (g *Gate) setFault(why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = why
}

// Describe adds to a status what only the gate knows.
func (g *Gate) Describe(status *Status) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.inUse() {
		status.Known = append(status.Known, e.version)
	}
	slices.Sort(status.Known)
	status.Known = slices.Compact(status.Known) // a file may have come back to what it was
	status.Envoys = g.xds.Envoys()
	status.Orphans = g.parts.Policies.orphans.Status()
	if g.fault != "" && status.Healthy {
		status.Healthy, status.Why = false, g.fault
	}
}
