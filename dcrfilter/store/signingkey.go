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

// SigningKeys returns all keys, oldest first.
func (s *Store) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	values, err := s.redis.HGetAll(ctx, signingKeysKey).Result()
	if err != nil {
		return nil, failed("read the signing keys", err)
	}
	keys := make([]SigningKey, 0, len(values))
	for id, value := range values {
		created, der, _ := strings.Cut(value, ":")
		millis, err := strconv.ParseInt(created, 10, 64)
		if err != nil || der == "" {
			return nil, errors.New("store: a signing key is damaged")
		}
		keys = append(keys, SigningKey{ID: id, PKCS8: []byte(der), Created: time.UnixMilli(millis)})
	}
	slices.SortFunc(keys, func(a, b SigningKey) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return keys, nil
}

// AddSigningKey adds a key, unless the store has a key newer than since because another registry was faster. Times have
// a precision of milliseconds.
func (s *Store) AddSigningKey(ctx context.Context, key SigningKey, since time.Time) error {
	if key.ID == "" || len(key.PKCS8) == 0 || key.Created.UnixMilli() <= 0 {
		return errors.New("store: a signing key's id, DER or creation is missing")
	}
	value := append(strconv.AppendInt(nil, key.Created.UnixMilli(), 10), ':')
	value = append(value, key.PKCS8...)
	keys := []string{signingKeysKey}
	return s.write(ctx, "add a signing key", s.scripts.addKey, keys, key.ID, value, since.UnixMilli())
}

// DropSigningKey removes a key.
func (s *Store) DropSigningKey(ctx context.Context, kid string) error {
	if err := s.redis.HDel(ctx, signingKeysKey, kid).Err(); err != nil {
		return failed("drop a signing key", err)
	}
	return nil
}
