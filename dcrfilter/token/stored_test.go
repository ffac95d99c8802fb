package token

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const (
	period   = rotatePeriod
	lifetime = MaxLifetime
)

func load(t *testing.T, ring *Ring) {
	t.Helper()
	if err := ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func signer(t *testing.T, ring *Ring) string {
	t.Helper()
	k, err := ring.signing()
	if err != nil {
		t.Fatal(err)
	}
	return k.id
}

func TestRotationLosesNoLivingToken(t *testing.T) {
	kept, _ := testbed.Store(t)
	c := testkit.NewClock()
	registry, gate := KeptRing(kept, c.Now), StoreRing(kept, c.Now)
	issuing, verifying := NewIssuer(registry, ours.living(lifetime), nil, c.Now), NewBuiltin(gate, ours.living(lifetime), nil)
	issue := func() string {
		t.Helper()
		compact, _, err := issuing.Issue(t.Context(), grant())
		if err != nil {
			t.Fatal(err)
		}
		return compact
	}
	verify := func(compact string) {
		t.Helper()
		if _, err := verifying.Inspect(t.Context(), compact, c.Now()); err != nil {
			t.Errorf("at %s: %v", c.Now().UTC(), err)
		}
	}

	load(t, registry)
	first := signer(t, registry)
	verify(issue()) // the only key signs at once; the gate learns of it by its kid

	c.Advance(period - time.Second)
	if load(t, registry); len(kids(registry)) != 1 {
		t.Fatal("the next key came before the period was over")
	}
	c.Advance(time.Second)
	if load(t, registry); len(kids(registry)) != 2 || signer(t, registry) != first {
		t.Fatal("the next key must be published and not sign yet")
	}
	c.Advance(publishAhead - time.Second)
	last := issue()
	if signer(t, registry) != first {
		t.Error("the next key signs before its time")
	}
	c.Advance(time.Second)
	second := signer(t, registry)
	if second == first {
		t.Error("the next key does not sign after its time")
	}
	verify(issue())

	c.Advance(lifetime - 2*time.Second)
	load(t, registry)
	load(t, gate)
	verify(last)
	c.Advance(2*time.Second + dropMargin + time.Second)
	load(t, registry)
	load(t, gate)
	if got := kids(gate); !slices.Equal(got, []string{second}) {
		t.Errorf("keys are %v, want only %s: nothing that the first signed is alive", got, second)
	}
}

func TestRegistriesThatStartTogetherHaveOneKey(t *testing.T) {
	kept, _ := testbed.Store(t)
	c := testkit.NewClock()
	rings := make([]*Ring, 4)
	var group sync.WaitGroup
	for i := range rings {
		rings[i] = KeptRing(kept, c.Now)
		group.Go(func() {
			if err := rings[i].Load(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, ring := range rings {
		if got := kids(ring); len(got) != 1 || !slices.Equal(got, kids(rings[0])) {
			t.Errorf("keys are %v, want the one of all, %v", got, kids(rings[0]))
		}
	}
}

func TestRotateNow(t *testing.T) {
	kept, _ := testbed.Store(t)
	c := testkit.NewClock()
	registry := KeptRing(kept, c.Now)
	load(t, registry)
	first := signer(t, registry)
	c.Advance(time.Hour)
	kid, err := RotateNow(t.Context(), kept, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	load(t, registry)
	if signer(t, registry) != first {
		t.Error("the new key signs before it has been published for long enough")
	}
	c.Advance(publishAhead)
	if signer(t, registry) != kid {
		t.Error("the new key does not sign")
	}
	var document struct {
		Keys []struct{ Kid, Use, Alg, D string }
	}
	keys, err := registry.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(keys, &document); err != nil || len(document.Keys) != 2 {
		t.Fatalf("the JWK Set is %s, %v, want both keys", keys, err)
	}
	for i, want := range []string{kid, first} {
		if k := document.Keys[i]; k.Kid != want || k.Alg != "PS256" || k.Use != "sig" || k.D != "" {
			t.Errorf("key %d is %+v, want the public key %s", i, k, want)
		}
	}
}

func TestRingWithoutItsSource(t *testing.T) {
	kept, server := testbed.Store(t)
	c := testkit.NewClock()
	registry, gate := KeptRing(kept, c.Now), StoreRing(kept, c.Now)
	load(t, registry)
	load(t, gate)
	compact, _, err := NewIssuer(registry, ours.living(lifetime), nil, c.Now).Issue(t.Context(), grant())
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := gate.Load(t.Context()); err == nil {
		t.Error("a load without a store succeeded")
	}
	verifying := NewBuiltin(gate, ours.living(lifetime), nil)
	if _, err := verifying.Inspect(t.Context(), compact, c.Now()); err != nil {
		t.Errorf("a token of a known key: %v", err)
	}
	fresh := NewBuiltin(StoreRing(kept, c.Now), ours.living(lifetime), nil)
	if _, err := fresh.Inspect(t.Context(), compact, c.Now()); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want that the keys could not be had", err)
	}
}

func TestDamagedKeyLeavesTheRingAsItWas(t *testing.T) {
	kept, _ := testbed.Store(t)
	c := testkit.NewClock()
	ring := KeptRing(kept, c.Now)
	load(t, ring)
	want := signer(t, ring)
	c.Advance(time.Hour)
	_, der, err := makeKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.AddSigningKey(t.Context(), store.SigningKey{ID: "not-its-thumbprint", PKCS8: der, Created: c.Now()}, c.Now()); err != nil {
		t.Fatal(err)
	}
	if err := ring.Load(t.Context()); err == nil {
		t.Error("a key that is not what its id says was no fault")
	}
	if signer(t, ring) != want {
		t.Error("a key that is not what its id says was taken")
	}
}
