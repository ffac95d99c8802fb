package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// MaxVersion is the largest publication of a version, in bytes.
const MaxVersion = 32 << 20

// renewals is how often a value is published again within its life.
const renewals = 24

// A Publication is what a gate publishes to the registries for a limited time: its facts key, or the files of a
// version. It contains no secrets.
type Publication struct {
	list, name string // the sorted set of all of its kind, and its name there
	key        string
	value      []byte
	life       time.Duration
}

// FactsKey returns the publication of the public JWK of a gate's facts key.
func FactsKey(kid string, jwk []byte, life time.Duration) Publication {
	return Publication{list: factsKeysKey, name: kid, key: factsKeyPrefix + kid, value: jwk, life: life}
}

// VersionFiles returns the publication of the packed files of a version of the configuration.
func VersionFiles(id string, packed []byte, life time.Duration) Publication {
	return Publication{list: versionsKey, name: id, key: versionPrefix + id, value: packed, life: life}
}

// Publish ensures that Redis holds all of these for most of their life to come. If it already does, this is one round
// trip without a write: a gate calls it every second. written is how many Redis lacked or would soon have dropped.
func (s *Store) Publish(ctx context.Context, all ...Publication) (written int, err error) {
	left := make([]*redis.DurationCmd, len(all))
	pipe := s.redis.Pipeline()
	for i, p := range all {
		if len(p.value) == 0 || len(p.value) > MaxVersion || p.life < time.Minute { // Redis would keep a value with a life of 0 for ever
			return 0, errors.New("store: what is to be published is empty, too large, or for no time")
		}
		left[i] = pipe.PTTL(ctx, p.key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, failed("look for what is published", err)
	}
	for i, p := range all {
		if left[i].Val() > p.life-p.life/renewals {
			continue
		}
		if err := s.list(ctx, p); err != nil {
			return written, failed("list what is published", err)
		}
		if err := s.redis.Set(ctx, p.key, p.value, p.life).Err(); err != nil {
			return written, failed("publish", err)
		}
		written++
	}
	return written, nil
}

// list records that it was published now, and removes what has expired.
func (s *Store) list(ctx context.Context, p Publication) error {
	now := time.Now()
	pipe := s.redis.TxPipeline()
	pipe.ZRemRangeByScore(ctx, p.list, "-inf", strconv.FormatInt(now.Add(-p.life).Unix(), 10))
	pipe.ZAdd(ctx, p.list, redis.Z{Score: float64(now.Unix()), Member: p.name})
	_, err := pipe.Exec(ctx)
	return err
}

// FactsKey returns the JWK of a gate's facts key, or ErrNotFound.
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

// FactsKeys returns the JWKs of all gates' facts keys, at most this many, last published first.
func (s *Store) FactsKeys(ctx context.Context, most int) ([][]byte, error) {
	kids, err := s.redis.ZRevRange(ctx, factsKeysKey, 0, int64(most)-1).Result()
	if err != nil {
		return nil, failed("list the facts keys", err)
	}
	var jwks [][]byte
	for _, kid := range kids {
		jwk, err := s.FactsKey(ctx, kid)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		jwks = append(jwks, jwk)
	}
	return jwks, nil
}

// Version returns the packed files of a version, or ErrNotFound. The caller must check that they belong to the version.
func (s *Store) Version(ctx context.Context, id string) ([]byte, error) {
	packed, err := s.redis.GetRange(ctx, versionPrefix+id, 0, MaxVersion).Bytes()
	switch {
	case err != nil:
		return nil, failed("read a version", err)
	case len(packed) == 0:
		return nil, ErrNotFound
	case len(packed) > MaxVersion:
		return nil, fmt.Errorf("store: the version is larger than %d MiB", MaxVersion>>20)
	}
	return packed, nil
}

// Versions returns the ids of published versions, at most this many, last published first.
func (s *Store) Versions(ctx context.Context, most int) ([]string, error) {
	ids, err := s.redis.ZRevRange(ctx, versionsKey, 0, int64(most)-1).Result()
	if err != nil {
		return nil, failed("list the versions", err)
	}
	return ids, nil
}
