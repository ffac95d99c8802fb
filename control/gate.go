package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/extauthz/chains"
)

// ackTimeout is how long a new revision waits for Envoy's ACK or NACK. After that it becomes active without one.
const ackTimeout = 10 * time.Second

// A Gate keeps the gate and its Envoy on one version: the gate accepts a version before Envoy receives it, and drops it
// only after Envoy has acknowledged a later one.
type Gate struct {
	parts     Parts
	xds       *xds.Server
	unclaimed chan xds.Outcome // ACKs and NACKs that no publish waits for
	trimmed   *revision        // the last one after which memory was freed; Run's own

	mu      sync.Mutex
	live    *revision
	pending *revision // being sent to Envoy, which may use it before it acknowledges it
	retired []retired // oldest first
	waiting *pendingACK
	fault   string // why Envoy does not use the certificates on disk
}

// A revision is a version made ready for the gate and for Envoy.
type revision struct {
	version      *config.Version
	policy       *extauthz.Policy
	published    store.Publication // for the registries
	resources    *envoy.Resources
	secrets      []*envoy.Secret // as last published
	acknowledged []*envoy.Secret // as last acknowledged by Envoy
}

// pendingACK waits for Envoy's ACK or NACK of a version.
type pendingACK struct {
	version string
	outcome chan xds.Outcome
}

// Parts are the collaborators of a Gate.
type Parts struct {
	Gate      *extauthz.Gate
	Policies  *chains.Policies
	Publisher *Publisher
	Envoy     envoy.Options
	Log       *slog.Logger
}

// NewGate returns the gate's side of a Follower.
func NewGate(parts Parts) *Gate {
	g := &Gate{parts: parts, unclaimed: make(chan xds.Outcome, 64)}
	g.xds = xds.New(parts.Log, g.receive)
	return g
}

// XDS returns the server that Envoy gets its configuration from.
func (g *Gate) XDS() *xds.Server { return g.xds }

// Files implements Part: certificates and keys, which change independently of routes.yaml.
func (g *Gate) Files(version *config.Version) []string {
	return envoy.SecretFiles(version.File, g.parts.Envoy)
}

// Apply implements Part: a version that Envoy rejects is active nowhere.
func (g *Gate) Apply(ctx context.Context, version *config.Version) error {
	next, err := g.prepare(ctx, version)
	if err != nil {
		return err
	}
	next.published, err = g.parts.Publisher.publish(ctx, version)
	switch {
	case err == nil:
	case g.current() == nil && errors.Is(err, errTemporary): // calls of a bank's API need no registry
		g.parts.Log.WarnContext(ctx, "the gate starts before registries have its version and its facts key", "cause", err.Error())
	default:
		return err
	}
	g.setPending(next)
	outcome, err := g.publish(ctx, next)
	if err != nil {
		return err
	}
	if outcome.Refused {
		return g.revert(ctx, outcome)
	}
	g.mu.Lock()
	if g.live != nil {
		g.retired = append(g.retired, g.live.retire())
	}
	g.live = next
	g.mu.Unlock()
	if outcome.Version != "" {
		g.confirm(next)
	}
	g.setPending(nil)
	return nil
}

// prepare makes a revision without publishing it.
func (g *Gate) prepare(ctx context.Context, version *config.Version) (*revision, error) {
	policy, err := g.parts.Policies.Make(ctx, version)
	if errors.Is(err, chains.ErrKeys) {
		return nil, fmt.Errorf("%w; %w", err, errTemporary)
	} else if err != nil {
		return nil, err
	}
	resources, err := envoy.Translate(version.File, g.parts.Envoy)
	if err != nil {
		return nil, err
	}
	secrets, err := envoy.Secrets(version.File, g.parts.Envoy, version.ClientCAs)
	if err != nil {
		return nil, err
	}
	return &revision{version: version, policy: policy, resources: resources, secrets: secrets}, nil
}

// publish sends a revision to Envoy and waits for its ACK or NACK. If no Envoy is connected, or it does not answer in
// time, the outcome has no version: the revision becomes active in the gate, and Envoy receives it when it connects.
func (g *Gate) publish(ctx context.Context, e *revision) (xds.Outcome, error) {
	version := e.version.ID()
	w := &pendingACK{version: version, outcome: make(chan xds.Outcome, 1)}
	g.setWaiting(w)
	defer g.setWaiting(nil)
	if err := g.xds.Publish(e.resources, e.secrets); err != nil {
		return xds.Outcome{}, fmt.Errorf("publishing the routes: %w", err)
	}
	if len(g.xds.Envoys()) == 0 {
		return xds.Outcome{}, nil
	}
	silence := time.NewTimer(ackTimeout)
	defer silence.Stop()
	select {
	case outcome := <-w.outcome:
		return outcome, nil
	case <-silence.C:
		g.parts.Log.WarnContext(ctx, "envoy has neither accepted nor rejected the routes yet", "version", version)
		return xds.Outcome{}, nil
	case <-ctx.Done():
		return xds.Outcome{}, ctx.Err()
	}
}

func (g *Gate) setWaiting(w *pendingACK) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = w
}

// receive passes an ACK or NACK to the publish that waits for it, otherwise to Run.
func (g *Gate) receive(outcome xds.Outcome) {
	g.mu.Lock()
	w := g.waiting
	g.mu.Unlock()
	if w != nil && w.version == outcome.Version {
		select {
		case w.outcome <- outcome:
			return
		default: // it already has its answer
		}
	}
	select {
	case g.unclaimed <- outcome:
	default: // Run has not read 64 outcomes: the part is stopping
	}
}

// revert publishes the active revision to Envoy again and drops the rejected one from the gate.
func (g *Gate) revert(ctx context.Context, refused xds.Outcome) error {
	cause := fmt.Errorf("envoy rejects the %s: %s", refused.Type, refused.Words)
	if live := g.current(); live != nil {
		if _, err := g.publish(ctx, live); err != nil {
			return errors.Join(cause, err)
		}
	}
	g.setPending(nil) // only now can no request arrive under the rejected version
	return cause
}

func (g *Gate) current() *revision {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live
}
