package store

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// A gate looks every second whether what it has published is there, and writes only what is not.
func published(t *testing.T, s *Store) {
	publish := func(want int, all ...Publication) {
		t.Helper()
		written, err := s.Publish(t.Context(), all...)
		if err != nil || written != want {
			t.Errorf("written %d, %v, want %d", written, err, want)
		}
	}
	key, version := FactsKey("kid", []byte(`{"kty":"OKP"}`), time.Hour), VersionFiles("aa", []byte("files"), 24*time.Hour)
	publish(2, key, version)
	publish(0, key, version)
	publish(1, key, VersionFiles("bb", []byte("more"), 24*time.Hour))
	if ids, err := s.Versions(t.Context(), 10); err != nil || len(ids) != 2 || !slices.Contains(ids, "aa") || !slices.Contains(ids, "bb") {
		t.Errorf("listed are %q, %v", ids, err)
	}
	for name, change := range map[string]func(key string) error{
		"lost": func(key string) error { return s.redis.Del(t.Context(), key).Err() },
		"old":  func(key string) error { return s.redis.Expire(t.Context(), key, 20*time.Minute).Err() },
	} {
		must(t, change("dcr:version:aa"))
		if publish(1, key, version); name == "lost" {
			must(t, change("dcr:facts:kid"))
			publish(1, key, version)
		}
	}
	_, err := s.FactsKey(t.Context(), "other")
	wantError(t, "a key that nobody published", err, ErrNotFound)
	if jwk, err := s.FactsKey(t.Context(), "kid"); err != nil || string(jwk) != `{"kty":"OKP"}` {
		t.Errorf("got %s, %v", jwk, err)
	}
	publish(1, FactsKey("second", []byte(`{"kty":"EC"}`), time.Hour))
	must(t, s.redis.ZAdd(t.Context(), factsKeysKey, goredis.Z{Member: "expired", Score: 1}).Err())
	if jwks, err := s.FactsKeys(t.Context(), 10); err != nil || len(jwks) != 2 || !slices.ContainsFunc(jwks, func(jwk []byte) bool { return string(jwk) == `{"kty":"OKP"}` }) {
		t.Errorf("got %s, %v", jwks, err)
	}
	if jwks, err := s.FactsKeys(t.Context(), 1); err != nil || len(jwks) != 1 {
		t.Errorf("got %s, %v, want one", jwks, err)
	}
	got, err := s.Version(t.Context(), "aa")
	if err != nil || string(got) != "files" {
		t.Errorf("got %q, %v", got, err)
	}
	if left := s.redis.PTTL(t.Context(), "dcr:version:aa").Val(); left <= 23*time.Hour || left > 24*time.Hour {
		t.Errorf("it is there for %s", left)
	}
	if _, err := s.Version(t.Context(), "cc"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version that nobody published: %v", err)
	}
}

func publishedIsBounded(t *testing.T, s *Store) {
	for name, p := range map[string]Publication{
		"for ever": FactsKey("kid", []byte("{}"), 0), "nothing": VersionFiles("aa", nil, time.Hour), "too much": VersionFiles("aa", make([]byte, MaxVersion+1), time.Hour),
	} {
		if _, err := s.Publish(t.Context(), p); err == nil {
			t.Errorf("%s was published", name)
		}
	}
	must(t, s.redis.Set(t.Context(), "dcr:version:aa", bytes.Repeat([]byte("x"), MaxVersion+10), 0).Err())
	if got, err := s.Version(t.Context(), "aa"); err == nil {
		t.Errorf("read %d bytes", len(got))
	}
}

func issuers(t *testing.T, s *Store) {
	now := time.Unix(1_800_000_000, 0)
	remember := func(issuer string, at, until time.Time) {
		t.Helper()
		must(t, s.RememberIssuer(t.Context(), Issuer{Issuer: issuer, Audience: "aud", Lifetime: time.Minute, Until: until}, at))
	}
	want := func(at time.Time, want ...string) {
		t.Helper()
		got, err := s.Issuers(t.Context(), at)
		must(t, err)
		var names []string
		for _, issuer := range got {
			names = append(names, issuer.Issuer)
		}
		if !slices.Equal(names, want) {
			t.Errorf("at %s: %q, want %q", at.Sub(now), names, want)
		}
	}
	remember("a", now, now.Add(time.Hour))
	remember("b", now, now.Add(2*time.Hour))
	remember("a", now, now.Add(time.Minute)) // never shorter
	want(now, "b", "a")
	want(now.Add(time.Hour), "b")
	remember("c", now.Add(2*time.Hour), now.Add(3*time.Hour))
	if left := s.redis.ZCard(t.Context(), issuersKey).Val(); left != 1 {
		t.Errorf("%d are kept", left)
	}
	if err := s.RememberIssuer(t.Context(), Issuer{Audience: "aud", Lifetime: time.Minute, Until: now.Add(time.Hour)}, now); err == nil {
		t.Error("no issuer was remembered")
	}
	must(t, s.redis.ZAdd(t.Context(), issuersKey, goredis.Z{Member: `["earlier","aud"]`, Score: float64(now.Add(9 * time.Hour).Unix())}).Err())
	if got, err := s.Issuers(t.Context(), now.Add(8*time.Hour)); err != nil || len(got) != 1 || got[0].Issuer != "earlier" || got[0].Lifetime != 0 {
		t.Errorf("of the build before: got %v, %v", got, err)
	}
	if got, err := s.Issuers(t.Context(), now.Add(150*time.Minute)); err != nil || len(got) != 2 || got[1].Lifetime != time.Minute {
		t.Errorf("got %v, %v", got, err)
	}
	must(t, s.redis.ZAdd(t.Context(), issuersKey, goredis.Z{Member: "damaged", Score: float64(now.Add(9 * time.Hour).Unix())}).Err())
	if _, err := s.Issuers(t.Context(), now); err == nil {
		t.Error("what is damaged was read")
	}
}
