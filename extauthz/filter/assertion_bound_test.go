package filter_test

import (
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// TestAssertionBound computes what one client can make Redis remember. Each assertion leaves a key until it has expired, also
// for a request that achieves nothing; how long that may be is the profile's to say, and ten minutes unless it does.
func TestAssertionBound(t *testing.T) {
	const (
		requests = 100      // a second, which is a lot for one client
		most     = 64 << 20 // bytes
		margin   = 75 * time.Second
	)
	w := newWorld(t)
	server, err := redis.Open(w.redis.URL)
	w.must(err)
	defer server.Close()
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			p, err := profile.Load(name)
			w.must(err)
			longest := map[bool]time.Duration{true: 30 * time.Minute, false: 10 * time.Minute}[len(name) > 4 && name[:4] == "obie"]
			client := w.client(func(c *dcrpb.Client) { c.Profile = name })
			chain := w.chain("certificate", "clientauth")
			ahead := func(d time.Duration, wanted string) []*dcrpb.UsedJTI {
				r := w.asserting(w.keys.software.sign(t, nil, w.assertionClaims(client).with(claims{"exp": w.now.Add(d).Unix(), "jti": name})))
				want(t, w.authenticate(chain, r), wanted)
				return r.UsedJTIs
			}
			if got := p.Clients.LongestAssertion(); got != longest {
				t.Errorf("assertions live %s, want %s", got, longest)
			}
			ahead(longest+11*time.Second, "401 invalid_client clientauth.exp")
			w.must(w.store.Burn(t.Context(), client.GetId(), ahead(longest, "")))
			keys, err := server.Keys(t.Context(), "*:nonce:assertion:*").Result()
			w.must(err)
			if len(keys) != 1 {
				t.Fatalf("an assertion leaves %d keys", len(keys))
			}
			size, err := server.MemoryUsage(t.Context(), keys[0]).Result()
			w.must(err)
			life, err := server.PTTL(t.Context(), keys[0]).Result()
			w.must(err)
			if life > longest+margin {
				t.Errorf("its key is kept for %s", life)
			}
			// Each key also has an entry in the tables of keys and of their expiry.
			if bytes := requests * int64(life/time.Second) * (size + 128); bytes > most {
				t.Errorf("%d assertions a second leave %d MiB of keys", requests, bytes>>20)
			} else {
				t.Logf("%d assertions a second leave %d MiB: %d bytes for %s each", requests, bytes>>20, size+128, life.Round(time.Second))
			}
			w.must(server.Del(t.Context(), keys...).Err())
		})
	}
}
