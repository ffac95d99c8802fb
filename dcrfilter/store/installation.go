package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

const (
	defaultShards = 16
	maxShards     = 256 // two hex digits
)

// ErrNoInstallation means that Redis is empty. It may be a new one, or one that has lost its data: only a person knows.
var ErrNoInstallation = errors.New("this Redis holds no installation: restore its data, or begin a new installation with dcr-gateway init")

// Begin begins an installation with this number of shards, or 16 if it is 0, unless Redis holds one. The number can never
// be changed. Begin reports whether it has begun one, and opens the store as Open does.
func (s *Store) Begin(ctx context.Context, shards int) (begun bool, err error) {
	if shards < 0 || shards > maxShards {
		return false, fmt.Errorf("store: shards must be 1 to %d, or 0 to take what is there", maxShards)
	}
	first := shards
	if first == 0 {
		first = defaultShards
	}
	if begun, err = s.redis.SetNX(ctx, shardsKey, first, 0).Result(); err != nil {
		return false, failed("choose the number of shards", err)
	}
	if err := s.Open(ctx); err != nil {
		return begun, err
	}
	if shards != 0 && shards != s.shards {
		return false, fmt.Errorf("store: this installation has %d shards, not the %d configured: it cannot be changed", s.shards, shards)
	}
	return begun, nil
}

// Open reads which installation Redis holds. From then on the store serves that one only: every operation on a Redis that
// is empty or holds another one fails. Open writes nothing, so that a part starts while Redis is full; but an installation
// of an earlier version has no id yet, and receives one.
func (s *Store) Open(ctx context.Context) error {
	text, err := s.redis.Get(ctx, shardsKey).Result()
	if errors.Is(err, redis.Nil) {
		return ErrNoInstallation
	} else if err != nil {
		return failed("read the number of shards", err)
	}
	shards, err := strconv.Atoi(text)
	if err != nil || shards < 1 || shards > maxShards {
		return errors.New("store: the number of shards in Redis is damaged")
	}
	id, err := s.redis.Get(ctx, installationKey).Result()
	if errors.Is(err, redis.Nil) {
		if err := s.redis.SetNX(ctx, installationKey, rand.Text(), 0).Err(); err != nil {
			return failed("name the installation", err)
		}
		id, err = s.redis.Get(ctx, installationKey).Result()
	}
	if err != nil {
		return failed("read the installation's id", err)
	}
	s.shards = shards
	s.monitor.installation.Store(&id)
	return nil
}

// Installation is the id of the installation that was opened.
func (s *Store) Installation() string { return *s.monitor.installation.Load() }
