package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// PublishFactsKey makes a gate's public facts key known to the registries for the time given; a gate repeats it.
func (s *Store) PublishFactsKey(ctx context.Context, kid string, jwk []byte, ttl time.Duration) error {
	if kid == "" || ttl < time.Second { // to Redis, no time at all is for ever
		return errors.New("store: a facts key's id is missing, or its time is less than a second")
	}
	if err := s.redis.Set(ctx, factsKeyPrefix+kid, jwk, ttl).Err(); err != nil {
		return failed("publish a facts key", err)
	}
	return nil
}

// FactsKey returns the JWK of a gate's facts key: ErrNotFound.
func (s *Store) FactsKey(ctx context.Context, kid string) ([]byte, error) {
	jwk, err := s.redis.Get(ctx, factsKeyPrefix+kid).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, failed("read a facts key", err)
	}
	return jwk, nil
}
