package facts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

const (
	maxKeys  = 256
	keyLife  = 5 * time.Minute // after which a key is asked for again: a gate that is gone is forgotten
	coolDown = time.Second     // before an unknown kid is asked for again
)

// ErrUnknownKey is what a Lookup answers for a kid that no gate has published.
var ErrUnknownKey = errors.New("no gate has published this key")

// Lookup returns the public JWK of a gate's key: ErrUnknownKey.
type Lookup func(ctx context.Context, kid string) (jwk []byte, err error)

// keys remembers the answers of a lookup, found or not, bounded in number and in time. An unknown kid is looked up at
// most once a cool-down.
type keys struct {
	lookup Lookup
	asking chan struct{} // holds one: lookups wait for each other

	mutex sync.RWMutex
	known map[string]answer
}

// answer is what a lookup said; its set is empty where the kid was unknown.
type answer struct {
	set   jose.KeySet
	found bool
	until time.Time
}

func newKeys(lookup Lookup) *keys {
	return &keys{lookup: lookup, asking: make(chan struct{}, 1), known: map[string]answer{}}
}

// find returns the set of the one key that has the kid.
func (k *keys) find(ctx context.Context, kid string, now time.Time) (jose.KeySet, error) {
	if a, ok := k.recall(kid, now); ok {
		return a.result()
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return jose.KeySet{}, fmt.Errorf("waiting for a facts key: %w", ctx.Err())
	}
	if a, ok := k.recall(kid, now); ok { // somebody else was faster
		return a.result()
	}
	a, err := k.ask(ctx, kid, now)
	if err != nil {
		return jose.KeySet{}, err
	}
	return a.result()
}

func (k *keys) recall(kid string, now time.Time) (answer, bool) {
	k.mutex.RLock()
	defer k.mutex.RUnlock()
	a, ok := k.known[kid]
	return a, ok && now.Before(a.until)
}

func (k *keys) ask(ctx context.Context, kid string, now time.Time) (answer, error) {
	if !k.room(kid, now) {
		return answer{}, nil // a flood of kids is no gate's
	}
	a := answer{until: now.Add(coolDown)}
	jwk, err := k.lookup(ctx, kid)
	switch {
	case errors.Is(err, ErrUnknownKey):
	case err != nil:
		return answer{}, fmt.Errorf("looking up a facts key: %w", err)
	default:
		set, err := jose.ParseKeySet(slices.Concat([]byte(`{"keys":[`), jwk, []byte(`]}`)))
		if err != nil {
			return answer{}, fmt.Errorf("a published facts key is damaged: %w", err)
		}
		a = answer{set: set, found: true, until: now.Add(keyLife)}
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.known[kid] = a
	return a, nil
}

// room says whether one more answer may be remembered, after it has forgotten the old ones.
func (k *keys) room(kid string, now time.Time) bool {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if _, ok := k.known[kid]; ok || len(k.known) < maxKeys {
		return true
	}
	for id, a := range k.known {
		if !now.Before(a.until) {
			delete(k.known, id)
		}
	}
	return len(k.known) < maxKeys
}

func (a answer) result() (jose.KeySet, error) {
	if !a.found {
		return jose.KeySet{}, ErrUnknownKey
	}
	return a.set, nil
}
