package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// What was acknowledged before kill -9 is there after it, and of everything else there is all or nothing.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	server := redisserver.Start(t, t.TempDir())
	s := open(t, dial(t, server.URL))
	for round := range 3 {
		attempts := registerUntil(t, s, fmt.Sprint("round", round), 100, server.Kill)
		server.Start() // and the store goes on with it, whose scripts are gone
		awaitRedis(t, s)
		absent := 0
		for _, a := range attempts {
			if !a.whole(t, s) {
				absent++
			}
		}
		t.Logf("%d attempts, %d of them not stored", len(attempts), absent)
	}
}

func TestStoppedServer(t *testing.T) {
	t.Parallel()
	server := redisserver.Start(t, t.TempDir())
	s := open(t, dial(t, server.URL))
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	server.Stop()
	_, err := s.Standing(t.Context(), c.Id, "token")
	wantFailure(t, "standing without Redis", err)
	_, err = s.Client(t.Context(), c.Id)
	wantFailure(t, "client without Redis", err)
	server.Start()
	awaitRedis(t, s)
	wantStored(t, s, c, 1, 1)
	must(t, s.redis.ScriptFlush(t.Context()).Err())
	must(t, s.Update(t.Context(), c, nil))
}

// awaitRedis waits for a store to find Redis again: after many failures go-redis dials once in a second.
func awaitRedis(t *testing.T, s *Store) {
	t.Helper()
	var err error
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(10 * time.Millisecond) {
		if err = s.Ping(t.Context()); err == nil {
			return
		}
	}
	t.Fatalf("the store did not find Redis again: %v", err)
}

// attempt is a registration, acknowledged or not.
type attempt struct {
	client       *dcrpb.Client
	jti          []*dcrpb.UsedJTI
	acknowledged bool
}

// registerUntil registers from several goroutines, and kills Redis under them once it has acknowledged so many.
func registerUntil(t *testing.T, s *Store, name string, enough int, kill func()) []*attempt {
	var all sync.WaitGroup
	var mu sync.Mutex
	var attempts []*attempt
	acknowledged := 0
	register := func(a *attempt) bool {
		err := s.Create(t.Context(), a.client, a.jti, true)
		mu.Lock()
		defer mu.Unlock()
		attempts = append(attempts, a)
		if a.acknowledged = err == nil; a.acknowledged {
			acknowledged++
		}
		if acknowledged == enough && a.acknowledged {
			all.Go(kill)
		}
		return a.acknowledged
	}
	for worker := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				a := &attempt{client: newClient(s, fmt.Sprint(name, " ", worker, " ", i)), jti: freshJTI("request")}
				if !register(a) {
					return
				}
			}
		})
	}
	all.Wait()
	return attempts
}

// whole says whether the attempt's client is there, and wants its index entry and its jti to be there if it is.
func (a *attempt) whole(t *testing.T, s *Store) bool {
	t.Helper()
	_, err := s.Client(t.Context(), a.client.Id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	there := err == nil
	if a.acknowledged && !there {
		t.Error("an acknowledged client is gone")
	}
	var replayed, duplicate error
	if there {
		replayed, duplicate = ErrReplayed, ErrDuplicate
	}
	wantError(t, "its jti", s.Burn(t.Context(), a.client.Id, a.jti), replayed)
	again := newClient(s, a.client.Software.Id)
	wantError(t, "its software", s.Create(t.Context(), again, nil, true), duplicate)
	return there
}
