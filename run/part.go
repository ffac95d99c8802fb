package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	"github.com/dcr-gateway/dcr-gateway/internal/redis"
)

// redisVariable keeps a Redis password out of the process list.
const redisVariable = "DCR_REDIS_URL"

const (
	openTime  = 30 * time.Second // how long a part waits for Redis at start before it gives up
	openRetry = 200 * time.Millisecond
)

// part holds the flags that gate, registry and keys share.
type part struct {
	routes, address, redis, log string
	level                       slog.Level
}

func newPart(flags *flag.FlagSet, address string) *part {
	p := &part{}
	flags.StringVar(&p.routes, "routes", "routes.yaml", "the routes `FILE`")
	flags.StringVar(&p.redis, "redis", "", "Redis `URL`: redis://, rediss://, redis+sentinel:// or redis+cluster:// (default $"+redisVariable+")")
	flags.StringVar(&p.log, "log", "", "`FILE` for the log, JSON lines (default standard error)")
	flags.TextVar(&p.level, "log-level", slog.LevelInfo, "least `LEVEL` logged: debug, info, warn or error")
	if address != "" {
		flags.StringVar(&p.address, "listen", address, "`ADDRESS` to serve on: unix:PATH, or HOST:PORT of a private network")
	}
	return p
}

// parse reads flags. What is wrong with them the flag package has said by then.
func parse(flags *flag.FlagSet, arguments []string) error {
	err := flags.Parse(arguments)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return cli.Exit{Code: 2}
}

// setup is what gate and registry both are made of.
type setup struct {
	store   *store.Store
	log     *slog.Logger
	closers []io.Closer // in the order they were opened
}

// open opens the log and reaches Redis.
func (p *part) open(ctx context.Context) (*setup, error) {
	log, closer, err := decision.Open(p.log, p.level)
	if err != nil {
		return nil, err
	}
	s := &setup{log: log, closers: []io.Closer{closer}}
	if err := s.openStore(ctx, p.redis); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *setup) openStore(ctx context.Context, url string) error {
	if url == "" {
		url = os.Getenv(redisVariable)
	}
	if url == "" {
		return cli.Exit{Code: 2, Text: "name the Redis to use: --redis URL, or $" + redisVariable}
	}
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, client)
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	for { // parts start in any order: Redis may come up after us
		if s.store, err = store.Open(ctx, client, 0); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redis: %w", err)
		case <-time.After(openRetry):
		}
	}
}

func (s *setup) close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
