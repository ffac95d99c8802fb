package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// drift is how far Redis' clock may be ahead of the clocks that check exp. Values that are needed until exp are kept
// this much longer.
const drift = time.Minute

// Burn marks jtis as used in the shard of a client, all of them or none. Its errors are ErrReplayed, and ErrNotFound
// for a client id that no store has made. It does not check whether the client exists.
func (s *Store) Burn(ctx context.Context, clientID string, burn []*dcrpb.UsedJTI) error {
	return s.burn(ctx, s.scripts.burn, clientID, burn)
}

// BurnToRevoke is Burn for a request that revokes: it succeeds even while Redis is full.
func (s *Store) BurnToRevoke(ctx context.Context, clientID string, burn []*dcrpb.UsedJTI) error {
	return s.burn(ctx, s.scripts.burnToRevoke, clientID, burn)
}

func (s *Store) burn(ctx context.Context, script *redis.Script, clientID string, burn []*dcrpb.UsedJTI) error {
	shard, ok := s.clientShard(clientID)
	if !ok {
		return ErrNotFound
	}
	if len(burn) == 0 {
		return nil
	}
	keys, times, err := shard.burning(burn)
	if err != nil {
		return err
	}
	return s.write(ctx, "burn", script, keys, times...)
}

// burning appends the keys of the jtis to a script's keys, and returns until when each is kept, as the script's last
// arguments.
func (s shard) burning(burn []*dcrpb.UsedJTI, keys ...string) ([]string, []any, error) {
	times := make([]any, 0, len(burn))
	for _, n := range burn {
		if n.GetPurpose() == "" || n.GetId() == "" || n.GetExp() == 0 {
			return nil, nil, errors.New("store: a jti's purpose, id or exp is missing")
		}
		keys = append(keys, s.usedJTI(n))
		times = append(times, rememberUntil(time.Unix(int64(n.Exp), 0)))
	}
	return keys, times, nil
}

func rememberUntil(exp time.Time) int64 { return exp.Add(drift).UnixMilli() }
