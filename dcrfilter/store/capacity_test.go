package store

import (
	"log/slog"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// The metrics show how full Redis is, whatever kind it is; and nothing while it may not say so.
func TestCapacity(t *testing.T) {
	server := redisserver.Start(t, t.TempDir(), "--maxmemory", "100mb")
	set := metric.New("registry", "")
	s, err := Dial(server.URL, set)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Begin(t.Context(), 0)
	must(t, err)
	scrape := func() map[string]float64 {
		s.look(t.Context())
		return testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
	}
	before := scrape()
	must(t, s.Create(t.Context(), newClient(s, "software"), nil, true))
	must(t, s.Revoke(t.Context(), s.NewClientID(obie("software")), "token", time.Now().Add(time.Hour)))
	after := scrape()
	if expiring := after[`dcr_redis_keys{expires="yes"}`] - before[`dcr_redis_keys{expires="yes"}`]; expiring != 1 {
		t.Errorf("%v more keys that expire, want 1", expiring)
	}
	if kept := after[`dcr_redis_keys{expires="no"}`] - before[`dcr_redis_keys{expires="no"}`]; kept < 1 {
		t.Errorf("%v more keys that stay, want those of a client", kept)
	}
	if used := after["dcr_redis_memory_used_bytes"]; used < 1<<18 || after["dcr_redis_memory_max_bytes"] != 100<<20 {
		t.Errorf("used %v of %v", used, after["dcr_redis_memory_max_bytes"])
	}
	must(t, s.redis.Do(t.Context(), "ACL", "SETUSER", "default", "-info").Err())
	forbidden := scrape()
	if forbidden["dcr_redis_memory_used_bytes"] != after["dcr_redis_memory_used_bytes"] {
		t.Error("what was known is forgotten")
	}
	if refused := forbidden[`dcr_redis_commands_total{outcome="refusing"}`]; refused != 0 {
		t.Errorf("%v commands count as refused", refused)
	}
}

// A cluster has the keys of all its nodes.
func TestCapacityOfACluster(t *testing.T) {
	cluster := redisserver.StartCluster(t, t.TempDir())
	s, err := Dial(cluster.URL, nil)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Begin(t.Context(), 0)
	must(t, err)
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		must(t, s.Create(t.Context(), newClient(s, id), nil, true))
	}
	s.look(t.Context())
	if got := s.Capacity(); got.Keys < 12 || got.Used < 1<<18 || got.Most != 0 {
		t.Errorf("got %+v", got)
	}
}
