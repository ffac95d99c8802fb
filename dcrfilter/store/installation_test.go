package store

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// followed opens the installation of a server as a part does, and watches it until the test ends.
func followed(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Dial(url, nil)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.Open(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go s.Follow(ctx, slog.New(slog.DiscardHandler))
	return s
}

// until waits until Redis is reported as well, if want is "", or with these words.
func until(t *testing.T, s *Store, want string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		why := s.Health().Why
		if want == "" && why == "" || want != "" && strings.Contains(why, want) {
			return
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("its health is %q, want %q", why, want)
		}
	}
}

// TestNoNewInstallation: a Redis without an installation is used only after somebody has begun one there.
func TestNoNewInstallation(t *testing.T) {
	server := redisserver.Shared(t)
	s, err := Dial(server.URL, nil)
	must(t, err)
	defer s.Close()
	wantError(t, "open an empty Redis", s.Open(t.Context()), ErrNoInstallation)
	begun, err := s.Begin(t.Context(), 0)
	if err != nil || !begun || s.Installation() == "" {
		t.Fatalf("begin: %v, %v, id %q", begun, err, s.Installation())
	}
	again, err := Dial(server.URL, nil)
	must(t, err)
	defer again.Close()
	if begun, err := again.Begin(t.Context(), 0); err != nil || begun || again.Installation() != s.Installation() {
		t.Errorf("begun twice: %v, %v, id %q, not %q", begun, err, again.Installation(), s.Installation())
	}
	must(t, s.redis.Del(t.Context(), installationKey).Err()) // as an earlier version leaves it
	if err := again.Open(t.Context()); err != nil || again.Installation() == "" {
		t.Errorf("an installation without an id: %v", err)
	}
}

// TestForeignRedis: a Redis that comes back empty, or with another installation, answers nothing and takes nothing, from
// the first command on. It serves again when it has its data back.
func TestForeignRedis(t *testing.T) {
	server := redisserver.Start(t, t.TempDir(), "--appendonly", "no")
	first := open(t, dial(t, server.URL))
	c := newClient(first, "software")
	must(t, first.Create(t.Context(), c, nil, true))
	s := followed(t, server.URL)
	id := s.Installation()
	server.Kill()
	if _, err := s.Client(t.Context(), c.Id); !errors.Is(err, dcr.ErrStore) {
		t.Errorf("while it is down: %v", err)
	}
	until(t, s, "redis cannot be reached")
	server.Start() // empty
	foreign := func(when string) {
		t.Helper()
		if _, err := s.Client(t.Context(), c.Id); !errors.Is(err, dcr.ErrStore) {
			t.Errorf("%s: %v, want a store that cannot be used", when, err)
		}
		if err := s.Create(t.Context(), newClient(s, "other"), nil, true); !errors.Is(err, dcr.ErrStore) {
			t.Errorf("%s: created a client: %v", when, err)
		}
	}
	foreign("empty")
	until(t, s, "no installation, or another one")
	open(t, dial(t, server.URL))
	foreign("another one")
	if keys := dial(t, server.URL).Keys(t.Context(), "*client*").Val(); len(keys) > 0 {
		t.Errorf("it has written %q", keys)
	}
	must(t, dial(t, server.URL).Set(t.Context(), installationKey, id, 0).Err()) // as a restored backup has it
	until(t, s, "")
	if _, err := s.Client(t.Context(), c.Id); !errors.Is(err, ErrNotFound) {
		t.Errorf("with its installation: %v", err)
	}
}

// TestEmptiedRedis is the same without a new connection.
func TestEmptiedRedis(t *testing.T) {
	server := redisserver.Start(t, t.TempDir(), "--appendonly", "no")
	open(t, dial(t, server.URL))
	s := followed(t, server.URL)
	until(t, s, "")
	must(t, dial(t, server.URL).FlushAll(t.Context()).Err())
	until(t, s, "no installation, or another one")
	if _, err := s.Standing(t.Context(), s.NewClientID(nil), "t"); !errors.Is(err, dcr.ErrStore) {
		t.Errorf("standing: %v", err)
	}
}

// TestFullRedis: nothing new is stored. What ends access is.
func TestFullRedis(t *testing.T) {
	server := redisserver.Start(t, t.TempDir())
	admin := dial(t, server.URL)
	open(t, admin)
	s := followed(t, server.URL)
	c := newClient(s, "software")
	must(t, s.Create(t.Context(), c, nil, true))
	limit := func(bytes string) { must(t, admin.ConfigSet(t.Context(), "maxmemory", bytes).Err()) }
	limit("1")
	until(t, s, "redis is full")
	for what, err := range map[string]error{
		"create": s.Create(t.Context(), newClient(s, "other"), nil, true), "burn": s.Burn(t.Context(), c.Id, freshJTI("assertion")),
	} {
		if !errors.Is(err, dcr.ErrStore) {
			t.Errorf("%s: %v, want a store that cannot be used", what, err)
		}
	}
	used := freshJTI("assertion")
	must(t, s.BurnToRevoke(t.Context(), c.Id, used))
	wantError(t, "burnt again", s.BurnToRevoke(t.Context(), c.Id, used), ErrReplayed)
	must(t, s.Revoke(t.Context(), c.Id, "token", inAnHour()))
	if standing, err := s.Standing(t.Context(), c.Id, "token"); err != nil || !standing.Revoked {
		t.Errorf("the revoked token: %+v, %v", standing, err)
	}
	must(t, s.Delete(t.Context(), c.Id))
	other, err := Dial(server.URL, nil) // a part that starts
	must(t, err)
	defer other.Close()
	must(t, other.Open(t.Context()))
	limit("0")
	until(t, s, "")
	must(t, s.Create(t.Context(), newClient(s, "other"), nil, true))
}

// TestSlowRedis: a Redis behind a slow line is reported, and serves.
func TestSlowRedis(t *testing.T) {
	server := redisserver.StartTCP(t, t.TempDir(), "--appendonly", "no")
	open(t, dial(t, server.URL))
	line := &lossy{redis: strings.TrimPrefix(server.URL, "redis://")}
	s := followed(t, "redis://"+listen(t, line.serve))
	until(t, s, "")
	line.delay.Store(int64(150 * time.Millisecond)) // twice a check
	until(t, s, "redis is slow: it answers after")
	if _, err := s.Client(t.Context(), s.NewClientID(nil)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a slow Redis is not used: %v", err)
	}
	line.delay.Store(0)
	until(t, s, "")
}

// TestRedisSettings: what loses clients is said at the start.
func TestRedisSettings(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{nil, ""},
		{[]string{"--appendonly", "no"}, "set appendonly yes"},
		{[]string{"--maxmemory-policy", "allkeys-lru"}, "set maxmemory-policy noeviction"},
	} {
		server := redisserver.Start(t, t.TempDir(), test.arguments...)
		s := open(t, dial(t, server.URL))
		if have := strings.Join(s.Warnings(t.Context()), " "); !strings.Contains(have, test.want) || (have == "") != (test.want == "") {
			t.Errorf("%q: warnings %q, want %q", test.arguments, have, test.want)
		}
	}
}

// TestPace: one slow answer is not reported, and one quick answer does not end a report.
func TestPace(t *testing.T) {
	const quick, late = time.Millisecond, 300 * time.Millisecond
	var p pace
	for i, step := range []struct {
		took time.Duration
		want bool
	}{
		{quick, false}, {late, false}, {late, false}, {quick, false}, {late, false}, {late, true}, {quick, true}, {late, true},
		{late, true}, {quick, true}, {quick, true}, {quick, false}, {late, false}, {quick, false},
	} {
		if have := p.isSlow(step.took); have != step.want {
			t.Errorf("check %d of %v: %v, want %v", i, step.took, have, step.want)
		}
	}
}
