package store

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func signingKeys(t *testing.T, s *Store) {
	put := func(id string, created int64) {
		t.Helper()
		must(t, s.redis.HSet(t.Context(), signingKeysKey, id, fmt.Sprintf("%d:der:\x00\n%s", at(created).UnixMilli(), id)).Err())
	}
	add := func(id string, since int64) {
		t.Helper()
		must(t, s.AddSigningKey(t.Context(), id, []byte("der:\x00\n"+id), at(since)))
	}
	put("b", -1000)
	put("future", 1000)
	add("late", -2000) // "b" is newer than since
	add("a", -500)     // none is, but one of the future
	add("b", 500)      // a key is never replaced
	wantKeys(t, s, "b a future")
	keys, err := s.SigningKeys(t.Context())
	must(t, err)
	if made := keys.Keys[1]; !bytes.Equal(made.PKCS8, []byte("der:\x00\na")) || made.Created.Sub(at(0)).Abs() > 5*time.Second || made.Created.After(keys.Now) {
		t.Errorf("key %q, created %v of %v", made.PKCS8, made.Created, keys.Now)
	}
	if past := keys.Past(); len(past) != 2 || past[1].ID != "a" {
		t.Errorf("of the past are %v", past)
	}
	must(t, s.DropSigningKey(t.Context(), "b"))
	must(t, s.DropSigningKey(t.Context(), "b"))
	wantKeys(t, s, "a future")

	since := keys.Keys[1].Created // of "a"
	for !keys.Now.After(since) {  // times have a precision of milliseconds
		keys, err = s.SigningKeys(t.Context())
		must(t, err)
	}
	wantNoError(t, parallel(30, func() error {
		return s.AddSigningKey(t.Context(), s.NewClientID(nil), []byte("der"), since)
	}))
	if keys, err := s.SigningKeys(t.Context()); err != nil || len(keys.Keys) != 3 {
		t.Errorf("30 registries that rotate at once leave %d keys, want 3: %v", len(keys.Keys), err)
	}
	wantFailure(t, "no id", s.AddSigningKey(t.Context(), "", []byte("x"), since))
	wantFailure(t, "no key", s.AddSigningKey(t.Context(), "id", nil, since))
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
	for _, k := range keys.Keys {
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
