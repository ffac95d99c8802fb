// Package store keeps all persistent state in Redis: client records, used jtis, revoked tokens, keys. Each write is one
// atomic script in one hash slot. Use it for all access to Redis; do not keep such state elsewhere.
package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// The refusals of a store. Any other error means that Redis is not available or holds damaged data: deny.
var (
	ErrNotFound  = errors.New("not found")
	ErrReplayed  = errors.New("a jti was used before")
	ErrDuplicate = errors.New("the software product already has a client")
	ErrConflict  = errors.New("the client was changed meanwhile")
)

// ReplayError is an ErrReplayed with the index of the jti that was used before, from 0.
type ReplayError struct{ Index int }

// Error implements error.
func (e *ReplayError) Error() string { return ErrReplayed.Error() }

// Is makes the error match ErrReplayed.
func (e *ReplayError) Is(target error) bool { return target == ErrReplayed }

const (
	defaultShards = 16
	maxShards     = 256 // two hex digits
)

// Store is the persistent state of one installation. It is safe for concurrent use.
type Store struct {
	redis   redis.UniversalClient
	shards  int
	scripts scripts
}

// Open returns the installation's store. The first call for an installation sets its number of shards for ever; later
// calls check it. 0 means the existing number, or 16 in a new installation.
func Open(ctx context.Context, client redis.UniversalClient, shards int) (*Store, error) {
	if shards < 0 || shards > maxShards {
		return nil, fmt.Errorf("store: shards must be 1 to %d, or 0 to take what is there", maxShards)
	}
	first := shards
	if first == 0 {
		first = defaultShards
	}
	if err := client.SetNX(ctx, shardsKey, first, 0).Err(); err != nil {
		return nil, failed("choose the number of shards", err)
	}
	text, err := client.Get(ctx, shardsKey).Result()
	if err != nil {
		return nil, failed("read the number of shards", err)
	}
	kept, err := strconv.Atoi(text)
	if err != nil || kept < 1 || kept > maxShards {
		return nil, errors.New("store: the number of shards in Redis is damaged")
	}
	if shards != 0 && shards != kept {
		return nil, fmt.Errorf("store: this installation has %d shards, not the %d configured: it cannot be changed", kept, shards)
	}
	return &Store{redis: client, shards: kept, scripts: newScripts()}, nil
}

// Ping checks that Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.redis.Ping(ctx).Err(); err != nil {
		return failed("ping", err)
	}
	return nil
}

// NewClientID returns a new client id: the shard of the software product, then 128 random bits; 24 characters of
// [A-Za-z0-9_-].
func (s *Store) NewClientID(of *dcrpb.Software) string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return string(s.softwareShard(of)) + base64.RawURLEncoding.EncodeToString(random[:])
}

// write runs a script and turns its answer into an error. If the answer is lost, go-redis sends the script again with
// the same arguments. Therefore the first argument of each call is a unique id: a script stores it with what it writes,
// and answers "done" if it finds it.
func (s *Store) write(ctx context.Context, what string, script *redis.Script, keys []string, args ...any) error {
	answer, err := s.run(ctx, what, script, keys, args...)
	if err != nil {
		return err
	}
	return refused(what, answer)
}

func (s *Store) run(ctx context.Context, what string, script *redis.Script, keys []string, args ...any) (string, error) {
	args = append([]any{rand.Text()}, args...)
	answer, err := script.Run(ctx, s.redis, keys, args...).Text()
	if err != nil {
		return "", failed(what, err)
	}
	return answer, nil
}

// refused returns a script's answer as an error, or nil if it succeeded.
func refused(what, answer string) error {
	if number, replayed := strings.CutPrefix(answer, "replayed "); replayed {
		index, err := strconv.Atoi(number)
		if err == nil {
			return &ReplayError{Index: index}
		}
	}
	refusal, known := answers[answer]
	if !known {
		return fmt.Errorf("store: %s: the script answered something unknown", what)
	}
	return refusal
}

// failed returns an error that names the failed operation. Redis quotes the arguments of an unknown command, so they
// are cut.
func failed(what string, err error) error {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		text, _, _ := strings.Cut(reply.Error(), ", with args")
		return fmt.Errorf("store: %s: redis: %s", what, text)
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
