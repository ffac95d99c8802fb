package token

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const (
	period   = rotatePeriod
	lifetime = MaxLifetime
)

// elapse lets time pass for the rings, by their clock, and for the stored keys, whose ages Redis' clock decides.
func elapse(t *testing.T, server *redisserver.Server, c *testkit.Clock, by time.Duration) {
	t.Helper()
	c.Advance(by)
	backdate(t, server, by)
}

// backdate makes all stored keys older.
func backdate(t *testing.T, server *redisserver.Server, by time.Duration) {
	t.Helper()
	client, err := redis.Open(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	values, err := client.HGetAll(t.Context(), "dcr:keys").Result()
	for kid, value := range values {
		created, der, _ := strings.Cut(value, ":")
		millis, damaged := strconv.ParseInt(created, 10, 64)
		earlier := strconv.FormatInt(millis-by.Milliseconds(), 10)
		err = errors.Join(err, damaged, client.HSet(t.Context(), "dcr:keys", kid, earlier+":"+der).Err())
	}
	if err != nil {
		t.Fatal(err)
	}
}

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
	kept, server := testbed.Store(t)
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

	elapse(t, server, c, period-time.Minute)
	if load(t, registry); len(kids(registry)) != 1 {
		t.Fatal("the next key came before the period was over")
	}
	elapse(t, server, c, time.Minute)
	if load(t, registry); len(kids(registry)) != 2 || signer(t, registry) != first {
		t.Fatal("the next key must be published and not sign yet")
	}
	elapse(t, server, c, publishAhead-30*time.Second)
	last := issue()
	if signer(t, registry) != first {
		t.Error("the next key signs before its time")
	}
	elapse(t, server, c, 30*time.Second)
	second := signer(t, registry)
	if second == first {
		t.Error("the next key does not sign after its time")
	}
	verify(issue())

	elapse(t, server, c, lifetime-time.Minute)
	load(t, registry)
	load(t, gate)
	verify(last)
	elapse(t, server, c, 2*time.Minute+dropMargin)
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
	kept, server := testbed.Store(t)
	c := testkit.NewClock()
	registry := KeptRing(kept, c.Now)
	load(t, registry)
	first := signer(t, registry)
	elapse(t, server, c, time.Hour)
	kid, err := RotateNow(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	load(t, registry)
	if signer(t, registry) != first {
		t.Error("the new key signs before it has been published for long enough")
	}
	elapse(t, server, c, publishAhead)
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
	if err := kept.AddSigningKey(t.Context(), "not-its-thumbprint", der, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := ring.Load(t.Context()); err == nil {
		t.Error("a key that is not what its id says was no fault")
	}
	if signer(t, ring) != want {
		t.Error("a key that is not what its id says was taken")
	}
}

// The clock that made a key was ten years ahead, once: of a registry of the build before, or Redis'. The key is reported, and
// the rotation goes on by the other keys.
func TestKeyOfTheFuture(t *testing.T) {
	const year, months = 365 * 24 * time.Hour, 15 // finding primes is slow
	kept, server := testbed.Store(t)
	c := testkit.NewClock()
	registry := KeptRing(kept, c.Now)
	load(t, registry)
	ahead := signer(t, registry)
	backdate(t, server, -10*year)
	load(t, registry) // makes a key of today
	load(t, registry)
	if got := kids(registry); len(got) != 2 || signer(t, registry) == ahead {
		t.Fatalf("keys %v, %s signs", got, signer(t, registry))
	}
	if got := registry.future(); !slices.Equal(got, []string{ahead}) {
		t.Errorf("reported %v, want %s", got, ahead)
	}
	seen := map[string]bool{}
	for range months {
		elapse(t, server, c, period)
		load(t, registry)
		elapse(t, server, c, publishAhead+MaxLifetime+dropMargin+time.Second)
		load(t, registry)
		seen[signer(t, registry)] = true
	}
	if len(seen) != months || seen[ahead] || len(kids(registry)) > 3 {
		t.Errorf("%d keys signed in %d months; %d are left", len(seen), months, len(kids(registry)))
	}
}

// A clock of a registry that is wrong decides nothing.
func TestClockOfARegistry(t *testing.T) {
	kept, server := testbed.Store(t)
	c := testkit.NewClock()
	registry := KeptRing(kept, c.Now)
	load(t, registry)
	first := signer(t, registry)
	for _, by := range []time.Duration{10 * 365 * 24 * time.Hour, -20 * 365 * 24 * time.Hour} {
		c.Advance(by)
		load(t, registry)
		if got := kids(registry); !slices.Equal(got, []string{first}) || signer(t, registry) != first || len(registry.future()) > 0 {
			t.Errorf("a clock that is wrong by %s: keys %v, %s signs", by, got, signer(t, registry))
		}
	}
	elapse(t, server, c, period)
	load(t, registry)
	if got := kids(registry); len(got) != 2 {
		t.Errorf("keys %v, want the next one too", got)
	}
}

func TestDrop(t *testing.T) {
	kept, server := testbed.Store(t)
	if _, err := Drop(t.Context(), kept, "x"); !errors.Is(err, ErrNotKept) {
		t.Errorf("got %v, want %v", err, ErrNotKept)
	}
	c := testkit.NewClock()
	registry, gate := KeptRing(kept, c.Now), StoreRing(kept, c.Now)
	load(t, registry)
	load(t, gate)
	first := signer(t, registry)
	compact, _, err := NewIssuer(registry, ours, nil, c.Now).Issue(t.Context(), grant())
	if err != nil {
		t.Fatal(err)
	}
	inspecting := NewBuiltin(gate, ours, nil)
	verified, err := inspecting.Inspect(t.Context(), compact, c.Now())
	if err != nil || !verified.KeyHeld() {
		t.Fatalf("got %v", err)
	}
	if _, err := Drop(t.Context(), kept, "x"); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want %v", err, ErrNoKey)
	}

	second, err := Drop(t.Context(), kept, first) // the only key: another is made before
	if err != nil || second == first {
		t.Fatalf("got %s, %v", second, err)
	}
	load(t, registry)
	load(t, gate)
	if signer(t, registry) != second || verified.KeyHeld() {
		t.Errorf("%s signs; the gate still has the key: %t", signer(t, registry), verified.KeyHeld())
	}
	if _, err := inspecting.Inspect(t.Context(), compact, c.Now()); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token of the key that was dropped: %v", err)
	}

	elapse(t, server, c, time.Hour)
	third, err := RotateNow(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	if next, err := Drop(t.Context(), kept, second); err != nil || next != third { // the other takes over before its time
		t.Errorf("got %s, %v, want %s", next, err, third)
	}
	if load(t, registry); !slices.Equal(kids(registry), []string{third}) {
		t.Errorf("keys %v, want %s alone", kids(registry), third)
	}
}
