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
	keyLife  = 5 * time.Minute // after which a key is looked up again, so that a stopped gate is forgotten
	coolDown = time.Second     // before an unknown kid is looked up again
)

// ErrUnknownKey is the error of a Lookup for a kid that no gate has published.
var ErrUnknownKey = errors.New("no gate has published this key")

// Lookup returns the public JWK of a gate's key, or ErrUnknownKey.
type Lookup func(ctx context.Context, kid string) (jwk []byte, err error)

// keys caches the results of a lookup, found or not, bounded in number and time. It looks an unknown kid up at most once per
// cool-down.
type keys struct {
	lookup Lookup
	asking chan struct{} // capacity 1: one lookup at a time

	mutex sync.RWMutex
	known map[string]answer
}

// answer is the result of a lookup; its set is empty if the kid was unknown.
type answer struct {
	set   jose.KeySet
	found bool
	until time.Time
}

func newKeys(lookup Lookup) *keys {
	return &keys{lookup: lookup, asking: make(chan struct{}, 1), known: map[string]answer{}}
}

// find returns a set with the one key of that kid.
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
	if a, ok := k.recall(kid, now); ok { // another caller was faster
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
		return answer{}, nil // gates do not have that many kids
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

// room drops old answers and reports whether one more may be cached.
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
