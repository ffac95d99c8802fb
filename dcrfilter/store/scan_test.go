package store

import (
	"fmt"
	"testing"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func scans(t *testing.T, s *Store) {
	want := map[string]int{}
	for i := range 2*scanBatch + 100 {
		c := newClient(s, fmt.Sprint("software", i))
		must(t, s.Create(t.Context(), c, nil, false))
		want[c.Id]++
	}
	gone := newClient(s, "gone")
	must(t, s.Create(t.Context(), gone, nil, false))
	must(t, s.Delete(t.Context(), gone.Id))
	must(t, s.redis.Set(t.Context(), "other:client:x", "not ours", 0).Err())
	must(t, EachClient(t.Context(), s.redis, func(c *dcrpb.Client) {
		if want[c.GetId()]--; c.GetProfile() != "obie-3.3" {
			t.Errorf("client %v", c)
		}
	}))
	for id, left := range want {
		if left != 0 {
			t.Errorf("client %s came %d times", id, 1-left)
		}
	}
}
