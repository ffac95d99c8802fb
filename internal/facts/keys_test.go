package facts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// registry is where gates publish their keys, counting who asks.
type registry struct {
	keys  map[string][]byte
	down  error
	asked atomic.Int32
}

func (r *registry) lookup(_ context.Context, kid string) ([]byte, error) {
	r.asked.Add(1)
	if r.down != nil {
		return nil, r.down
	}
	jwk, ok := r.keys[kid]
	if !ok {
		return nil, ErrUnknownKey
	}
	return jwk, nil
}

func published(signers ...*Signer) map[string][]byte {
	keys := map[string][]byte{}
	for _, signer := range signers {
		keys[signer.KeyID()] = signer.JWK()
	}
	return keys
}

func TestKnownKeyIsLookedUpOnceInItsLife(t *testing.T) {
	signer := newSigner(t)
	source := &registry{keys: published(signer)}
	known := newKeys(source.lookup, nil)
	for _, step := range []struct {
		after time.Duration
		want  int32
	}{{0, 1}, {time.Second, 1}, {keyLife - time.Second, 1}, {keyLife, 2}, {2*keyLife - time.Second, 2}, {2 * keyLife, 3}} {
		if _, err := known.find(t.Context(), signer.KeyID(), now.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		if got := source.asked.Load(); got != step.want {
			t.Errorf("after %s: asked %d times, want %d", step.after, got, step.want)
		}
	}
}

func TestUnknownKeyIsAskedForOnceASecond(t *testing.T) {
	signer := newSigner(t)
	source := &registry{}
	known := newKeys(source.lookup, nil)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := known.find(t.Context(), signer.KeyID(), now); !errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrInvalid) {
				t.Errorf("got %v, want that the key is unknown", err)
			}
		})
	}
	group.Wait()
	if got := source.asked.Load(); got != 1 {
		t.Errorf("asked %d times within a second, want once", got)
	}
	source.keys = published(signer) // the gate has come up
	if _, err := known.find(t.Context(), signer.KeyID(), now.Add(coolDown)); err != nil {
		t.Errorf("after the cool-down: %v", err)
	}
}

func TestFailedLookupIsNoVerdict(t *testing.T) {
	signer := newSigner(t)
	down := errors.New("down")
	source := &registry{keys: published(signer), down: down}
	known := newKeys(source.lookup, nil)
	if _, err := known.find(t.Context(), signer.KeyID(), now); !errors.Is(err, down) || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want the fault itself", err)
	}
	source.down = nil
	if _, err := known.find(t.Context(), signer.KeyID(), now); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

func TestDamagedKeyIsAFault(t *testing.T) {
	known := newKeys((&registry{keys: map[string][]byte{"k": []byte("{")}}).lookup, nil)
	if _, err := known.find(t.Context(), "k", now); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want a fault", err)
	}
}

// Invented kids are bounded, displace no key of a gate, and hide none that is published meanwhile.
func TestFloodOfKids(t *testing.T) {
	signer, next := newSigner(t), newSigner(t)
	source := &registry{keys: published(signer)}
	known := newKeys(source.lookup, nil)
	if _, err := known.find(t.Context(), signer.KeyID(), now); err != nil {
		t.Fatal(err)
	}
	for i := range 4 * maxKeys {
		if _, err := known.find(t.Context(), fmt.Sprint(i), now); !errors.Is(err, ErrUnknownKey) {
			t.Fatalf("got %v, want that the key is unknown", err)
		}
	}
	source.keys = published(next, signer)
	if _, err := known.find(t.Context(), next.KeyID(), now); err != nil {
		t.Errorf("a key that was published during the flood: %v", err)
	}
	asked := source.asked.Load()
	if _, err := known.find(t.Context(), signer.KeyID(), now); err != nil || source.asked.Load() != asked {
		t.Errorf("the gate's own key was forgotten: %v", err)
	}
	if known.unknown.Len() > maxKeys || known.known.Len() != 2 {
		t.Errorf("%d unknown and %d known kids are remembered", known.unknown.Len(), known.known.Len())
	}
}

// More gates than the cache has room for displace one another, and each is found.
func TestManyGates(t *testing.T) {
	source := &registry{keys: map[string][]byte{}}
	jwk := newSigner(t).JWK()
	for i := range maxKeys + 10 {
		source.keys[fmt.Sprint(i)] = jwk
	}
	known := newKeys(source.lookup, nil)
	for i := range maxKeys + 10 {
		if _, err := known.find(t.Context(), fmt.Sprint(i), now); err != nil {
			t.Fatalf("gate %d: %v", i, err)
		}
	}
}

// A key that is removed is forgotten within its life; one that cannot be looked up is used for some minutes more.
func TestKeyThatIsRemoved(t *testing.T) {
	signer := newSigner(t)
	source := &registry{keys: published(signer)}
	known := newKeys(source.lookup, nil)
	find := func(after time.Duration) error {
		_, err := known.find(t.Context(), signer.KeyID(), now.Add(after))
		return err
	}
	if err := find(0); err != nil {
		t.Fatal(err)
	}
	source.down = errors.New("down")
	if err := find(keyLife + time.Minute); err != nil {
		t.Errorf("while it cannot be looked up: %v", err)
	}
	if err := find(keyLife + keyOutage); !errors.Is(err, source.down) {
		t.Errorf("after the longest outage: %v", err)
	}
	source.down, source.keys = nil, nil
	if err := find(keyLife + time.Minute); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("after it was removed: %v", err)
	}
}

func TestLookupWaitsNoLongerThanItsCaller(t *testing.T) {
	known := newKeys((&registry{}).lookup, nil)
	known.asking <- struct{}{} // somebody asks and gets no answer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := known.find(ctx, "k", now); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
