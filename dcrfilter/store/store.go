// Package store keeps what must be remembered, in Redis: client records, used jtis, revoked tokens, keys. Each write is
// one atomic script in one hash slot; nothing is kept anywhere else. Only this package speaks to Redis.
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

// What a store refuses. Any other error means that the store could not be asked, or holds something damaged: fail
// closed.
var (
	ErrNotFound  = errors.New("not found")
	ErrReplayed  = errors.New("a jti was used before")
	ErrDuplicate = errors.New("the software has a client already")
	ErrConflict  = errors.New("the client was changed meanwhile")
)

// ReplayError is an ErrReplayed that says which of the jtis was used before, from 0.
type ReplayError struct{ Index int }

// Error implements error.
func (e *ReplayError) Error() string { return ErrReplayed.Error() }

// Is says that it is an ErrReplayed.
func (e *ReplayError) Is(target error) bool { return target == ErrReplayed }

const (
	defaultShards = 16
	maxShards     = 256 // two hex digits
)

// Store is one installation's memory. It is safe for concurrent use.
type Store struct {
	redis   redis.UniversalClient
	shards  int
	scripts scripts
}

// Open checks or chooses the installation's number of shards, once and for ever, and returns its store. Zero shards
// take what the installation has, or 16 in a new one.
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

// Ping says whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.redis.Ping(ctx).Err(); err != nil {
		return failed("ping", err)
	}
	return nil
}

// NewClientID returns a fresh client id: the shard of the software, then 128 random bits; [A-Za-z0-9_-], 24 long.
func (s *Store) NewClientID(of *dcrpb.Software) string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return string(s.softwareShard(of)) + base64.RawURLEncoding.EncodeToString(random[:])
}

// write runs a script and turns its answer into an error. go-redis sends a script a second time when the answer to the
// first is lost, with the same arguments. So each call's first argument is an id of its own: a script leaves it with
// what it wrote, and answers "done" where it finds it.
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

// refused is a script's answer as an error; nil where it did what it should.
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

// failed says what could not be done. Redis quotes the arguments of a command that it does not know: they are cut.
func failed(what string, err error) error {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		text, _, _ := strings.Cut(reply.Error(), ", with args")
		return fmt.Errorf("store: %s: redis: %s", what, text)
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
