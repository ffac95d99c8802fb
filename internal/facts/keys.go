package facts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

const (
	maxKeys   = 256
	keyLife   = 5 * time.Second // after which a key is looked up again, so that a key that is removed is forgotten
	keyOutage = 5 * time.Minute // how long a key is used after that while it cannot be looked up
	coolDown  = time.Second     // before an unknown kid is looked up again
)

// ErrUnknownKey is the error of a Lookup for a kid that no gate has published.
var ErrUnknownKey = errors.New("no gate has published this key")

// Lookup returns the public JWK of a gate's key, or ErrUnknownKey.
type Lookup func(ctx context.Context, kid string) (jwk []byte, err error)

// keys caches the results of a lookup, bounded in number and time. What is not known has a cache of its own: whoever reaches
// the registry can invent kids, and must not displace those of gates.
type keys struct {
	lookup  Lookup
	asking  chan struct{} // capacity 1: one lookup at a time
	known   *metric.Cache[string, answer]
	unknown *metric.Cache[string, answer]
}

type answer struct {
	set jose.KeySet
	at  time.Time
}

func newKeys(lookup Lookup, set *metric.Set) *keys {
	known, _ := metric.NewCache[string, answer](set, "facts_key", maxKeys) // fails only for a size below 1
	unknown, _ := metric.NewCache[string, answer](nil, "", maxKeys)
	return &keys{lookup: lookup, asking: make(chan struct{}, 1), known: known, unknown: unknown}
}

// find returns a set with the one key of that kid.
func (k *keys) find(ctx context.Context, kid string, now time.Time) (jose.KeySet, error) {
	if set, known, err := k.recall(k.known.Get, kid, now); known {
		return set, err
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return jose.KeySet{}, fmt.Errorf("waiting for a facts key: %w", ctx.Err())
	}
	if set, known, err := k.recall(k.known.Peek, kid, now); known { // another caller was faster
		return set, err
	}
	return k.ask(ctx, kid, now)
}

// recall returns an answer that is not too old, if there is one.
func (k *keys) recall(look func(string, func(answer) bool) (answer, bool), kid string, now time.Time) (set jose.KeySet, known bool, err error) {
	if a, ok := look(kid, func(a answer) bool { return now.Before(a.at.Add(keyLife)) }); ok {
		return a.set, true, nil
	}
	a, ok := k.unknown.Get(kid, nil)
	return jose.KeySet{}, ok && now.Before(a.at.Add(coolDown)), ErrUnknownKey
}

func (k *keys) ask(ctx context.Context, kid string, now time.Time) (jose.KeySet, error) {
	jwk, err := k.lookup(ctx, kid)
	switch {
	case errors.Is(err, ErrUnknownKey):
		k.known.Remove(kid)
		k.unknown.Add(kid, answer{at: now})
		return jose.KeySet{}, ErrUnknownKey
	case err != nil:
		if a, ok := k.known.Peek(kid, func(a answer) bool { return now.Before(a.at.Add(keyLife + keyOutage)) }); ok {
			return a.set, nil
		}
		return jose.KeySet{}, fmt.Errorf("looking up a facts key: %w", err)
	}
	set, err := jose.ParseKeySet(slices.Concat([]byte(`{"keys":[`), jwk, []byte(`]}`)))
	if err != nil {
		return jose.KeySet{}, fmt.Errorf("a published facts key is damaged: %w", err)
	}
	k.known.Add(kid, answer{set, now})
	return set, nil
}
