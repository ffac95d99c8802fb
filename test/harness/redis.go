package harness

import (
	"context"

	"github.com/dcr-gateway/dcr-gateway/internal/redis"
)

// AskRedis sends one command to the world's Redis and returns the reply.
func (w *World) AskRedis(ctx context.Context, command ...any) (any, error) {
	client, err := redis.Open(w.File.Redis)
	if err != nil {
		return nil, err
	}
	defer client.Close() // it was asked
	return client.Do(ctx, command...).Result()
}
