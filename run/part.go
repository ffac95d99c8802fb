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
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// redisVariable keeps a Redis password out of the process list.
const redisVariable = "DCR_REDIS_URL"

const (
	openTime  = 30 * time.Second // how long a part waits for Redis at start before it gives up
	openRetry = 200 * time.Millisecond
)

// stored are the flags of every command that needs Redis and a log.
type stored struct {
	redis, log string
	level      slog.Level
	name       string // of the part, for log lines
}

func (s *stored) define(flags *flag.FlagSet) {
	flags.StringVar(&s.redis, "redis", "", "Redis `URL`: redis://, rediss://, redis+sentinel:// or redis+cluster:// (default $"+redisVariable+")")
	flags.StringVar(&s.log, "log", "", "`FILE` for the log, JSON lines (default standard error)")
	flags.TextVar(&s.level, "log-level", slog.LevelInfo, "lowest `LEVEL` to log: debug, info, warn or error")
}

// part are the flags that gate and registry share.
type part struct {
	stored
	admin  socket.Local
	health string
}

func (p *part) define(flags *flag.FlagSet, name string) {
	p.stored.define(flags)
	p.name = name
	p.admin = socket.Local("unix:run/" + name + "-admin.sock")
	flags.Var(&p.admin, "admin", "`ADDRESS` of the admin interface, unix:PATH; only the user of this process can open it")
	flags.StringVar(&p.health, "health", "", "`HOST:PORT` for /healthz, /readyz and /metrics (default: only on the admin interface)")
}

// setup is what gate and registry have in common: log, Redis and what to close.
type setup struct {
	store   *store.Store
	log     *slog.Logger
	closers []io.Closer // in the order they were opened
}

// open opens the log and connects to Redis.
func (s *stored) open(ctx context.Context) (*setup, error) {
	log, closer, err := decision.Open(s.log, s.level)
	if err != nil {
		return nil, err
	}
	if s.name != "" {
		log = log.With("part", s.name)
	}
	opened := &setup{log: log, closers: []io.Closer{closer}}
	if err := opened.openStore(ctx, s.redis); err != nil {
		return nil, errors.Join(err, opened.close())
	}
	return opened, nil
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
	for { // parts start in any order: Redis may start later
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
