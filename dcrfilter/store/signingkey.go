package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SigningKey is a private key of the built-in key manager, as the store keeps it.
type SigningKey struct {
	ID      string // kid
	PKCS8   []byte // DER
	Created time.Time
}

// SigningKeys holds all keys at one moment of Redis' clock, which made their creation times too: clocks of registries may
// differ, and one that is wrong must not decide about keys.
type SigningKeys struct {
	Keys []SigningKey // oldest first
	Now  time.Time
}

// Past returns the keys that were not created in the future. A key of the future is one that an earlier build made while its
// clock was ahead, or Redis' clock was; how old it is, nobody knows.
func (s SigningKeys) Past() []SigningKey {
	first := slices.IndexFunc(s.Keys, func(k SigningKey) bool { return k.Created.After(s.Now) })
	if first < 0 {
		return s.Keys
	}
	return s.Keys[:first]
}

// SigningKeys returns all keys.
func (s *Store) SigningKeys(ctx context.Context) (SigningKeys, error) {
	read, err := s.scripts.readKeys.Run(ctx, s.redis, []string{signingKeysKey}).StringSlice()
	if err != nil {
		return SigningKeys{}, failed("read the signing keys", err)
	}
	now, err := readMillis(read[0])
	if err != nil {
		return SigningKeys{}, err
	}
	keys := SigningKeys{Now: now}
	for pair := range slices.Chunk(read[1:], 2) {
		created, der, _ := strings.Cut(pair[1], ":")
		at, err := readMillis(created)
		if err != nil || der == "" {
			return SigningKeys{}, errors.New("store: a signing key is damaged")
		}
		keys.Keys = append(keys.Keys, SigningKey{ID: pair[0], PKCS8: []byte(der), Created: at})
	}
	slices.SortFunc(keys.Keys, func(a, b SigningKey) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return keys, nil
}

func readMillis(text string) (time.Time, error) {
	millis, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(millis), err
}

// AddSigningKey adds a key that is created now, unless the store has a key newer than since, and not of the future, because
// another registry was faster. Times have a precision of milliseconds.
func (s *Store) AddSigningKey(ctx context.Context, kid string, pkcs8 []byte, since time.Time) error {
	if kid == "" || len(pkcs8) == 0 {
		return errors.New("store: a signing key's id or DER is missing")
	}
	return s.write(ctx, "add a signing key", s.scripts.addKey, []string{signingKeysKey}, kid, pkcs8, since.UnixMilli())
}

// DropSigningKey removes a key.
func (s *Store) DropSigningKey(ctx context.Context, kid string) error {
	if err := s.redis.HDel(ctx, signingKeysKey, kid).Err(); err != nil {
		return failed("drop a signing key", err)
	}
	return nil
}
