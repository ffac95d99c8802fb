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

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	ourredis "github.com/dcr-gateway/dcr-gateway/internal/redis"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// The refusals of a store. Any other error means that Redis is not available or holds damaged data: deny.
// dcr.ErrStore is in the former.
var (
	ErrNotFound  = errors.New("not found")
	ErrReplayed  = errors.New("a jti was used before")
	ErrDuplicate = errors.New("the software product already has a client")
	ErrConflict  = errors.New("the client was changed meanwhile")

	// ErrUnknown means that Redis did not answer a write: it may have taken effect.
	ErrUnknown = errors.New("whether the write took effect is not known")
)

// ReplayError is an ErrReplayed with the index of the jti that was used before, from 0.
type ReplayError struct{ Index int }

// Error implements error.
func (e *ReplayError) Error() string { return ErrReplayed.Error() }

// Is makes the error match ErrReplayed.
func (e *ReplayError) Is(target error) bool { return target == ErrReplayed }

// Store is the persistent state of one installation. It is safe for concurrent use.
type Store struct {
	redis   redis.UniversalClient
	shards  int
	scripts scripts
	monitor *monitor
}

// Dial returns the store in the Redis of a URL, as internal/redis reads it, without asking Redis yet: Open or Begin is next.
// The metrics of the connections and commands go to the set, which may be nil.
func Dial(url string, set *metric.Set) (*Store, error) {
	m := newMonitor(set)
	client, err := ourredis.OpenWith(url, ourredis.Hooks{Connected: m.verify, Files: m.files})
	if err != nil {
		return nil, err
	}
	s := on(client, m)
	s.measure(set)
	certificate, ca := ourredis.TLSFiles(url)
	set.Expires(func() []metric.Expiry {
		return append(metric.ChainFile("redis_certificate", "cert_file", certificate), metric.CAFile("redis_ca", "ca_file", ca)...)
	})
	return s, nil
}

func on(client redis.UniversalClient, m *monitor) *Store {
	client.AddHook(m)
	return &Store{redis: client, scripts: newScripts(), monitor: m}
}

// Close closes the connections.
func (s *Store) Close() error { return s.redis.Close() }

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
	args = append([]any{rand.Text()}, args...)
	answer, err := script.Run(ctx, s.redis, keys, args...).Text()
	if whole := s.scripts.whenFull[script]; whole != nil && err != nil && stateOf(err) == full {
		answer, err = whole.Run(ctx, s.redis, keys, args...).Text()
	}
	if err != nil && stateOf(err) == unreachable {
		return fmt.Errorf("%w: %w", ErrUnknown, failed(what, err))
	}
	if err != nil {
		return failed(what, err)
	}
	return refused(what, answer)
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

// failed returns an error that names the failed operation. It is a dcr.ErrStore unless Redis is well.
func failed(what string, err error) error {
	cause := failure(err)
	if stateOf(err) == answered {
		return fmt.Errorf("store: %s: %w", what, cause)
	}
	return fmt.Errorf("store: %s: %w: %w", what, dcr.ErrStore, cause)
}

// failure is an error of Redis without the arguments of a command, which Redis quotes if it does not know the command.
func failure(err error) error {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		text, _, _ := strings.Cut(reply.Error(), ", with args")
		return errors.New("redis: " + text)
	}
	return err
}
