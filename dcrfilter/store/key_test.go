package store

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func signingKeys(t *testing.T, s *Store) {
	key := func(id string, created int64) SigningKey {
		return SigningKey{ID: id, PKCS8: []byte("der:\x00\n" + id), Created: at(created)}
	}
	add := func(k SigningKey, since int64) {
		t.Helper()
		must(t, s.AddSigningKey(t.Context(), k, at(since)))
	}
	add(key("b", -100), -200)
	add(key("a", 0), -50)
	add(key("late", 1), -50)  // "a" is newer than since
	add(key("c", -100), 50)   // none is
	add(key("a", -1000), 500) // a key is never replaced
	wantKeys(t, s, "b c a")
	keys, err := s.SigningKeys(t.Context())
	must(t, err)
	if last := keys[2]; !bytes.Equal(last.PKCS8, []byte("der:\x00\na")) || last.Created.Sub(at(0)).Abs() > 5*time.Second {
		t.Errorf("key %q, created %v", last.PKCS8, last.Created)
	}
	must(t, s.DropSigningKey(t.Context(), "b"))
	must(t, s.DropSigningKey(t.Context(), "b"))
	wantKeys(t, s, "c a")

	now, before := at(100), at(50) // one moment for all
	wantNoError(t, parallel(30, func() error {
		return s.AddSigningKey(t.Context(), SigningKey{s.NewClientID(nil), []byte("der"), now}, before)
	}))
	if keys, err := s.SigningKeys(t.Context()); err != nil || len(keys) != 3 {
		t.Errorf("30 registries that rotate at once leave %d keys, want 3: %v", len(keys), err)
	}
	wantFailure(t, "no id", s.AddSigningKey(t.Context(), SigningKey{"", []byte("x"), now}, now))
	wantFailure(t, "no key", s.AddSigningKey(t.Context(), SigningKey{"id", nil, now}, now))
	wantFailure(t, "no time", s.AddSigningKey(t.Context(), SigningKey{ID: "id", PKCS8: []byte("x")}, now))
	for _, damage := range []string{"", "x:der", "5", "5:"} {
		must(t, s.redis.HSet(t.Context(), signingKeysKey, "d", damage).Err())
		_, err := s.SigningKeys(t.Context())
		wantFailure(t, fmt.Sprintf("damaged as %q", damage), err)
	}
}

func wantKeys(t *testing.T, s *Store, want string) {
	t.Helper()
	keys, err := s.SigningKeys(t.Context())
	must(t, err)
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
}

func wantNoError(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		must(t, err)
	}
}
