package store

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// capacityEvery is how often Redis is asked how full it is.
const capacityEvery = 15 * time.Second

// Capacity says how full Redis is. What Redis does not say is 0.
type Capacity struct {
	Used, Most     float64 // bytes of memory, of the node that uses most; Most is 0 without a limit
	Keys, Expiring float64 // in all nodes: keys of the database, and those of them that end by themselves
}

// uncounted marks a command that is not part of the metrics: an ACL may forbid it, and nothing depends on it.
type uncounted struct{}

var (
	usedMemory = regexp.MustCompile(`(?m)^used_memory:(\d+)`)
	maxMemory  = regexp.MustCompile(`(?m)^maxmemory:(\d+)`)
)

// Capacity returns what Follow found last.
func (s *Store) Capacity() Capacity {
	if known := s.monitor.capacity.Load(); known != nil {
		return *known
	}
	return Capacity{}
}

// look asks every node that takes writes, and keeps the answer. A node that does not answer leaves the last one.
func (s *Store) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, uncounted{}, true), checkTimeout)
	defer cancel()
	var mu sync.Mutex // nodes are asked at the same time
	var found Capacity
	ask := func(ctx context.Context, node *redis.Client) error {
		memory, err := node.Info(ctx, "memory").Result()
		if err != nil {
			return err
		}
		keyspace, err := node.Info(ctx, "keyspace").Result()
		if err != nil {
			return err
		}
		keys := regexp.MustCompile(`(?m)^db` + strconv.Itoa(node.Options().DB) + `:keys=(\d+),expires=(\d+)`).FindStringSubmatch(keyspace)
		mu.Lock()
		defer mu.Unlock()
		if used := number(usedMemory.FindStringSubmatch(memory), 1); used >= found.Used {
			found.Used, found.Most = used, number(maxMemory.FindStringSubmatch(memory), 1)
		}
		found.Keys += number(keys, 1)
		found.Expiring += number(keys, 2)
		return nil
	}
	err := errors.New("another kind of client")
	switch client := s.redis.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, ask)
	case *redis.Client:
		err = ask(ctx, client)
	}
	if err == nil {
		s.monitor.capacity.Store(&found)
	}
}

// number returns a match as a number, or 0 without a match.
func number(matches []string, i int) float64 {
	if i >= len(matches) {
		return 0
	}
	value, err := strconv.ParseFloat(matches[i], 64)
	if err != nil {
		return 0
	}
	return value
}
