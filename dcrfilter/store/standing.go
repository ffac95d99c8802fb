package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// Standing is the part of a token's state that may change before it expires.
type Standing struct {
	Active     bool   // the client exists and is active
	Generation uint64 // of the client's tokens
	Version    uint64 // of the client's record
	Revoked    bool   // this token was revoked
}

// Standing reads a token's standing in one round trip. For an unknown client it returns no error, and Active is false.
func (s *Store) Standing(ctx context.Context, clientID, tokenID string) (Standing, error) {
	shard, ok := s.clientShard(clientID)
	if !ok {
		return Standing{}, nil
	}
	pipe := s.redis.Pipeline()
	fields := pipe.HMGet(ctx, shard.client(clientID), "state", "generation", "version")
	revoked := pipe.Exists(ctx, shard.revocation(clientID, tokenID))
	if _, err := pipe.Exec(ctx); err != nil {
		return Standing{}, failed("read a token's standing", err)
	}
	kept, err := readStanding(fields.Val())
	if err != nil {
		return Standing{}, err
	}
	version, _ := fields.Val()[2].(string)
	number, err := strconv.ParseUint(version, 10, 64)
	if kept.present && (err != nil || number == 0) {
		return Standing{}, errDamaged
	}
	return Standing{
		Active:     kept.state == dcrpb.Client_ACTIVE,
		Generation: kept.generation,
		Version:    number,
		Revoked:    revoked.Val() != 0,
	}, nil
}

// Revoke revokes a token of a client until exp, when it expires anyway. A token that is expired or already revoked is
// no error. It succeeds even while Redis is full. A client id that no store has made is ErrNotFound; Revoke does not check whether the client exists.
func (s *Store) Revoke(ctx context.Context, clientID, tokenID string, exp time.Time) error {
	shard, ok := s.clientShard(clientID)
	if !ok {
		return ErrNotFound
	}
	if tokenID == "" || exp.Unix() <= 0 {
		return errors.New("store: the id or exp of the token to revoke is missing")
	}
	keys := []string{shard.revocation(clientID, tokenID)}
	return s.write(ctx, "revoke a token", s.scripts.revoke, keys, rememberUntil(exp))
}

// standing holds the values that are stored beside a client's record, so that they can be read without it.
type standing struct {
	present    bool
	state      dcrpb.Client_State
	generation uint64
}

// readStanding reads the fields state and generation. Either both are present or neither.
func readStanding(fields []any) (standing, error) {
	state, hasState := fields[0].(string)
	generation, hasGeneration := fields[1].(string)
	if !hasState && !hasGeneration {
		return standing{}, nil
	}
	number, err := strconv.Atoi(state)
	if err != nil || !known(dcrpb.Client_State(number)) {
		return standing{}, errDamaged
	}
	g, err := strconv.ParseUint(generation, 10, 64)
	if err != nil || g == 0 {
		return standing{}, errDamaged
	}
	return standing{present: true, state: dcrpb.Client_State(number), generation: g}, nil
}
