package store

import (
	"context"
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// Every kind of Redis that the product runs on keeps the same promises.

func TestOnEmbedded(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) *Store { return embedded(t) })
}

func TestOnServer(t *testing.T) {
	t.Parallel()
	client := dial(t, redisserver.Start(t, t.TempDir(), "--appendonly", "no").URL)
	suite(t, func(t *testing.T) *Store {
		must(t, client.FlushAll(t.Context()).Err())
		return open(t, client)
	})
}

func TestOnCluster(t *testing.T) {
	t.Parallel()
	cluster := redisserver.StartCluster(t, t.TempDir(), "--appendonly", "no")
	client := dial(t, cluster.URL)
	suite(t, func(t *testing.T) *Store {
		for _, node := range cluster.Nodes {
			must(t, dial(t, node.URL).FlushAll(t.Context()).Err())
		}
		return open(t, client)
	})
}

func suite(t *testing.T, open func(t *testing.T) *Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s *Store)
	}{
		{"shards are chosen once", shardsAreChosenOnce},
		{"client ids", clientIDs},
		{"a client's life", clientLife},
		{"strange client ids are nowhere", strangeClientIDs},
		{"what only asks", asking},
		{"one client for a software", oneClientForASoftware},
		{"the client that a software has", existingClients},
		{"the client that has been given a token", grantedClients},
		{"one creation for a jti", oneCreationForAJTI},
		{"one of many updates", oneOfManyUpdates},
		{"a refused write does nothing", refusedWritesDoNothing},
		{"what a client must have", incompleteClients},
		{"damaged records", damagedRecords},
		{"damaged index", damagedIndex},
		{"used jtis", burntJTIs},
		{"used jtis expire", usedJTIsExpire},
		{"standing", standings},
		{"revocations", revocations},
		{"signing keys", signingKeys},
		{"published", published},
		{"published is bounded", publishedIsBounded},
		{"issuers", issuers},
		{"each client", scans},
		{"model", func(t *testing.T, s *Store) { compareWithModel(t, s, 1000) }},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func shardsAreChosenOnce(t *testing.T, s *Store) {
	must(t, s.Ping(t.Context()))
	if s.shards != 16 {
		t.Errorf("a new installation has %d shards, want 16", s.shards)
	}
	for shards, ok := range map[int]bool{0: true, 16: true, 8: false, 17: false, -1: false, 257: false} {
		if begun, err := on(s.redis, newMonitor(nil)).Begin(t.Context(), shards); (err == nil) != ok || begun {
			t.Errorf("created again with %d shards: %v, %v", shards, begun, err)
		}
	}
	for _, damage := range []string{"", "many", "0", "257"} {
		must(t, s.redis.Set(t.Context(), shardsKey, damage, 0).Err())
		if err := on(s.redis, newMonitor(nil)).Open(t.Context()); err == nil {
			t.Errorf("opened where the number of shards is %q", damage)
		}
	}
	must(t, s.redis.Del(t.Context(), shardsKey).Err())
	other := on(s.redis, newMonitor(nil))
	if begun, err := other.Begin(t.Context(), 256); err != nil || !begun || other.shards != 256 {
		t.Errorf("256 shards in a new installation: %v", err)
	}
}

// embedded opens a store of its own.
func embedded(t testing.TB) *Store {
	t.Helper()
	return open(t, dial(t, "redis://"+miniredis.RunT(t).Addr()))
}

func open(t testing.TB, client goredis.UniversalClient) *Store {
	t.Helper()
	s := on(client, newMonitor(nil))
	_, err := s.Begin(context.Background(), 0)
	must(t, err)
	return s
}

func dial(t testing.TB, url string) goredis.UniversalClient {
	t.Helper()
	client, err := redis.Open(url)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantFailure wants an error other than those that a caller can answer.
func wantFailure(t testing.TB, what string, got error) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: no error", what)
	}
	for _, refusal := range []error{ErrNotFound, ErrReplayed, ErrDuplicate, ErrConflict} {
		if errors.Is(got, refusal) {
			t.Errorf("%s: got %v, want a failure", what, got)
		}
	}
}
