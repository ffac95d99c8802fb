package store

import (
	"strings"
	"testing"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

func standings(t *testing.T, s *Store) {
	c := newClient(s, "software")
	wantStanding(t, s, "before", c.Id, Standing{})
	must(t, s.Create(t.Context(), c, nil, true))
	wantStanding(t, s, "created", c.Id, Standing{Active: true, Generation: 1, Version: 1})

	must(t, s.Revoke(t.Context(), c.Id, "another", inAnHour()))
	wantStanding(t, s, "another token revoked", c.Id, Standing{Active: true, Generation: 1, Version: 1})
	must(t, s.Revoke(t.Context(), c.Id, "token", inAnHour()))
	wantStanding(t, s, "revoked", c.Id, Standing{Active: true, Generation: 1, Version: 1, Revoked: true})

	c.State, c.Generation = dcrpb.Client_SUSPENDED, 2
	must(t, s.Update(t.Context(), c, nil))
	wantStanding(t, s, "suspended", c.Id, Standing{Generation: 2, Version: 2, Revoked: true})
	must(t, s.Delete(t.Context(), c.Id))
	wantStanding(t, s, "deleted", c.Id, Standing{Revoked: true})

	other := newClient(s, "software")
	must(t, s.Create(t.Context(), other, nil, true))
	wantStanding(t, s, "another client's token of one id", other.Id, Standing{Active: true, Generation: 1, Version: 1})

	shard, _ := s.clientShard(other.Id)
	for _, damage := range [][]any{
		{"state", "0"}, {"state", "9"}, {"state", "x"}, {"state", "1", "generation", "x"}, {"generation", "0"}, {"generation", "1", "version", "x"}, {"version", "0"},
	} {
		must(t, s.redis.HSet(t.Context(), shard.client(other.Id), damage...).Err())
		_, err := s.Standing(t.Context(), other.Id, "token")
		wantFailure(t, "damaged", err)
	}
}

func revocations(t *testing.T, s *Store) {
	id := s.NewClientID(obie("software"))
	odd := "\x00{tag}:" + strings.Repeat("long", 1000)
	for _, test := range []struct {
		name, token string
		exp         time.Time
		want        time.Time // when it is forgotten; never noted when zero
	}{
		{"alive", "token", at(3600), at(3660)},
		{"again", "token", at(3600), at(3660)},
		{"never shorter", "token", at(60), at(3660)},
		{"longer", "token", at(7200), at(7260)},
		{"any id", odd, at(3600), at(3660)},
		{"within a clock's drift", "drift", at(-30), at(30)},
		{"expired", "expired", at(-3600), time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			must(t, s.Revoke(t.Context(), id, test.token, test.exp))
			shard, _ := s.clientShard(id)
			wantExpiry(t, s, shard.revocation(id, test.token), test.want)
			standing, err := s.Standing(t.Context(), id, test.token)
			if must(t, err); standing.Revoked == test.want.IsZero() {
				t.Errorf("standing %v", standing)
			}
		})
	}
	wantFailure(t, "no id", s.Revoke(t.Context(), id, "", at(60)))
	wantFailure(t, "no exp", s.Revoke(t.Context(), id, "token", time.Time{}))
	wantFailure(t, "exp 0", s.Revoke(t.Context(), id, "token", time.Unix(0, 0)))
}

// at is so many seconds from now, in whole seconds.
func at(seconds int64) time.Time { return time.Unix(time.Now().Unix()+seconds, 0) }

// wantExpiry wants a key to be forgotten at about a time, or not to be there.
func wantExpiry(t *testing.T, s *Store, key string, want time.Time) {
	t.Helper()
	millis, err := s.redis.Do(t.Context(), "PEXPIRETIME", key).Int64()
	must(t, err)
	if want.IsZero() {
		if there := s.redis.Exists(t.Context(), key).Val(); there != 0 {
			t.Errorf("it is still there, until %v", time.UnixMilli(millis))
		}
		return
	}
	if got := time.UnixMilli(millis); got.Sub(want).Abs() > 5*time.Second {
		t.Errorf("it is remembered until %v, want %v", got, want)
	}
}

func wantStanding(t *testing.T, s *Store, when, clientID string, want Standing) {
	t.Helper()
	got, err := s.Standing(t.Context(), clientID, "token")
	if must(t, err); got != want {
		t.Errorf("%s: standing %+v, want %+v", when, got, want)
	}
}
