package store

import (
	"context"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// scanBatch is how many records are read at once, about two megabytes.
const scanBatch = 500

// EachClient reads the records of all clients in Redis. It writes nothing, even in an empty Redis. The order is
// arbitrary. A client that is registered or deleted meanwhile may be missing; none occurs twice. It never calls each
// concurrently.
func EachClient(ctx context.Context, client redis.UniversalClient, each func(*dcrpb.Client)) error {
	var mu sync.Mutex
	seen := map[string]bool{} // SCAN may return a key more than once
	scan := func(ctx context.Context, node redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := node.Scan(ctx, cursor, "{dcr:*}:client:*", scanBatch).Result()
			if err != nil {
				return failed("look for clients", err)
			}
			mu.Lock()
			err = readClients(ctx, client, keys, seen, each)
			mu.Unlock()
			if cursor = next; err != nil || cursor == 0 {
				return err
			}
		}
	}
	if cluster, ok := client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scan(ctx, node) })
	}
	return scan(ctx, client)
}

// EachClient is EachClient for the Redis of the store.
func (s *Store) EachClient(ctx context.Context, each func(*dcrpb.Client)) error {
	return EachClient(ctx, s.redis, each)
}

func readClients(ctx context.Context, client redis.UniversalClient, keys []string, seen map[string]bool, each func(*dcrpb.Client)) error {
	var ids []string
	var fields []*redis.SliceCmd
	pipe := client.Pipeline()
	for _, key := range keys {
		_, id, _ := strings.Cut(key, "}:client:")
		if !seen[id] {
			seen[id] = true
			ids, fields = append(ids, id), append(fields, pipe.HMGet(ctx, key, "state", "generation", "version", "record"))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return failed("read clients", err)
	}
	for i, id := range ids {
		kept, err := readStanding(fields[i].Val())
		if err != nil {
			return err
		}
		if !kept.present {
			continue // deleted meanwhile
		}
		record, err := decode(id, kept, fields[i].Val()[2:])
		if err != nil {
			return err
		}
		each(record)
	}
	return nil
}
