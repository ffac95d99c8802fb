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
	retireEvery = 5 * time.Second

	secretsType = "secrets" // as xds names them
)

// Run handles ACKs and NACKs for a version that was activated before Envoy had answered, and for changed certificates. It
// also keeps published what the registries need. It returns when ctx ends.
func (g *Gate) Run(ctx context.Context, follower *Follower) error {
	go g.parts.Publisher.run(ctx, g.published)
	go g.parts.Policies.FollowDirectories(ctx, g.parts.Log)
	tick := time.NewTicker(retireEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			g.useRevisions()
			g.freeMemory()
		case outcome := <-g.unclaimed:
			g.handle(ctx, outcome, follower)
		}
	}
}

// freeMemory returns memory to the system after a new version: making one takes far more than keeping it, and the gate
// collects garbage rarely.
func (g *Gate) freeMemory() {
	if live := g.current(); live != g.trimmed {
		g.trimmed = live
		debug.FreeOSMemory()
	}
}

func (g *Gate) handle(ctx context.Context, outcome xds.Outcome, follower *Follower) {
	live := g.current()
	switch {
	case live == nil || outcome.Version != live.version.ID():
	case !outcome.Refused:
		g.confirm(live)
	case live.acknowledged != nil && outcome.Type == secretsType:
		_ = follower.do(ctx, func(ctx context.Context) error { // between two versions
			g.refuseSecrets(ctx, live, outcome)
			return nil
		})
	default:
		why := fmt.Sprintf("envoy rejects the %s: %s", outcome.Type, outcome.Words)
		if err := follower.GiveUp(ctx, outcome.Version, why); err != nil {
			g.parts.Log.ErrorContext(ctx, "envoy rejects the active version", "version", outcome.Version, "cause", err.Error())
		}
	}
}

// refuseSecrets goes back to the certificates that Envoy acknowledged last.
func (g *Gate) refuseSecrets(ctx context.Context, live *revision, outcome xds.Outcome) {
	if g.current() != live {
		return // a newer version has its own certificates
	}
	g.parts.Log.ErrorContext(ctx, "envoy rejects the new certificates; the previous ones stay in use", "cause", outcome.Words)
	g.setFault("envoy rejects the certificates on disk: " + outcome.Words)
	if err := g.xds.Publish(live.resources, live.acknowledged); err != nil {
		g.parts.Log.ErrorContext(ctx, "the previous certificates were not published", "cause", err.Error())
	}
}

// Changed implements Part: it sends certificates and keys to Envoy when their files change. A certificate without its
// matching key is not sent.
func (g *Gate) Changed(ctx context.Context) {
	live := g.current()
	if live == nil {
		return
	}
	secrets, err := envoy.Secrets(live.version.File, g.parts.Envoy, live.version.ClientCAs)
	if err != nil {
		g.parts.Log.WarnContext(ctx, "the certificates on disk are not usable; the previous ones stay in use", "cause", err.Error())
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

// Describe adds the gate's own fields to a status.
func (g *Gate) Describe(status *Status) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.inUse() {
		status.Known = append(status.Known, e.version)
	}
	slices.Sort(status.Known)
	status.Known = slices.Compact(status.Known) // a file may have returned to an earlier content
	status.Envoys = g.xds.Envoys()
	status.Orphans = g.parts.Policies.Orphans()
	status.Store = g.parts.Publisher.store.Health()
	status.Directories = g.parts.Policies.Directories()
	status.Certificates = g.fault
	faults := []string{g.fault, status.Store.Why}
	for _, directory := range status.Directories {
		faults = append(faults, directory.Fault())
	}
	for _, fault := range faults {
		status.fault(fault)
	}
}
