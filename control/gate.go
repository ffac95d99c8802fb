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
)

// patience is how long a version waits for Envoy's word before it is taken to be in force without it.
const patience = 10 * time.Second

// A Gate keeps the gate and its Envoy on one version: the gate knows a version before Envoy is given it, and forgets one
// only after Envoy has a later one.
type Gate struct {
	parts Parts
	xds   *xds.Server
	late  chan xds.Outcome // what nobody waits for
	lean  *edition         // after which memory was given back; Run's own

	mu      sync.Mutex
	live    *edition
	coming  *edition  // what Envoy is being given, and may work under before it has said so
	earlier []retired // oldest first
	waiting *wait
	fault   string // why the certificates on the disk are not Envoy's
}

// An edition is a version made ready for the gate and for Envoy.
type edition struct {
	version   *config.Version
	policy    *extauthz.Policy
	published store.Publication // for the registries
	resources *envoy.Resources
	secrets   []*envoy.Secret // as they were published last
	good      []*envoy.Secret // as Envoy has acknowledged them last
}

// wait is for Envoy's word on a version.
type wait struct {
	version string
	word    chan xds.Outcome
}

// Parts are what a Gate puts versions in force with.
type Parts struct {
	Gate      *extauthz.Gate
	Policies  *Policies
	Publisher *Publisher
	Envoy     envoy.Options
	Log       *slog.Logger
}

// NewGate returns the gate's side of a Follower.
func NewGate(parts Parts) *Gate {
	g := &Gate{parts: parts, late: make(chan xds.Outcome, 64)}
	g.xds = xds.New(parts.Log, g.hear)
	return g
}

// XDS is the server that Envoy gets its configuration from.
func (g *Gate) XDS() *xds.Server { return g.xds }

// Files implements Part: the certificates, which change without routes.yaml.
func (g *Gate) Files(version *config.Version) []string { return envoy.SecretFiles(version.File) }

// Apply implements Part: what Envoy refuses is in force nowhere.
func (g *Gate) Apply(ctx context.Context, version *config.Version) error {
	next, err := g.prepare(ctx, version)
	if err != nil {
		return err
	}
	if next.published, err = g.parts.Publisher.publish(ctx, version); err != nil {
		return err
	}
	g.know(next)
	outcome, err := g.publish(ctx, next)
	if err != nil {
		return err
	}
	if outcome.Refused {
		return g.takeBack(ctx, outcome)
	}
	g.mu.Lock()
	if g.live != nil {
		g.earlier = append(g.earlier, g.live.retired())
	}
	g.live = next
	g.mu.Unlock()
	if outcome.Version != "" {
		g.confirm(next)
	}
	g.know(nil)
	return nil
}

// prepare makes a configuration ready; nobody knows of it yet.
func (g *Gate) prepare(ctx context.Context, version *config.Version) (*edition, error) {
	policy, err := g.parts.Policies.Make(ctx, version)
	if err != nil {
		return nil, err
	}
	resources, err := envoy.Translate(version.File, g.parts.Envoy)
	if err != nil {
		return nil, err
	}
	secrets, err := envoy.Secrets(version.File, version.ClientCAs)
	if err != nil {
		return nil, err
	}
	return &edition{version: version, policy: policy, resources: resources, secrets: secrets}, nil
}

// publish gives a version to Envoy and waits for its word. Where no Envoy is there to give it, or it is silent, the
// answer is an outcome without a version: the version is in force in the gate, and Envoy gets it when it comes.
func (g *Gate) publish(ctx context.Context, e *edition) (xds.Outcome, error) {
	version := e.version.ID()
	w := &wait{version: version, word: make(chan xds.Outcome, 1)}
	g.await(w)
	defer g.await(nil)
	if err := g.xds.Publish(e.resources, e.secrets); err != nil {
		return xds.Outcome{}, fmt.Errorf("publishing the routes: %w", err)
	}
	if len(g.xds.Envoys()) == 0 {
		return xds.Outcome{}, nil
	}
	silence := time.NewTimer(patience)
	defer silence.Stop()
	select {
	case outcome := <-w.word:
		return outcome, nil
	case <-silence.C:
		g.parts.Log.WarnContext(ctx, "envoy has not said whether it takes the routes", "version", version)
		return xds.Outcome{}, nil
	case <-ctx.Done():
		return xds.Outcome{}, ctx.Err()
	}
}

func (g *Gate) await(w *wait) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = w
}

// hear takes Envoy's word to who waits for it.
func (g *Gate) hear(outcome xds.Outcome) {
	g.mu.Lock()
	w := g.waiting
	g.mu.Unlock()
	if w != nil && w.version == outcome.Version {
		select {
		case w.word <- outcome:
			return
		default: // it has its answer
		}
	}
	select {
	case g.late <- outcome:
	default: // nobody has listened for 64 outcomes: the part is stopping
	}
}

// takeBack gives Envoy the version before again, and makes the gate forget the one that was refused.
func (g *Gate) takeBack(ctx context.Context, refused xds.Outcome) error {
	cause := fmt.Errorf("envoy refuses the %s: %s", refused.Type, refused.Words)
	if live := g.current(); live != nil {
		if _, err := g.publish(ctx, live); err != nil {
			return errors.Join(cause, err)
		}
	}
	g.know(nil) // only now does no request come under the refused version
	return cause
}

func (g *Gate) current() *edition {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live
}
