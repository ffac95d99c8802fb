package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
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

// setup is what gate and registry both are made of.
type setup struct {
	file        *routes.File
	directories []*directory.Directory
	store       *store.Store
	log         *slog.Logger
	closers     []io.Closer
}

// open reads the routes and the directories, and reaches Redis.
func (p *part) open(ctx context.Context) (*setup, error) {
	file, directories, err := readRoutes(p.routes)
	if err != nil {
		return nil, err
	}
	s := &setup{file: file, directories: directories}
	log, closer, err := decision.Open(p.log, p.level)
	if err != nil {
		return nil, err
	}
	s.log, s.closers = log, append(s.closers, closer)
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
		return usageError("name the Redis to use: --redis URL, or $" + redisVariable)
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
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// keys is the ring of the keys for access tokens as a gate reads them: from files, or from the store.
func (s *setup) keys() *token.Ring {
	if files := s.keyFiles(); len(files) > 0 {
		return token.FileRing(files)
	}
	return token.StoreRing(s.store, time.Now)
}

func (s *setup) keyFiles() []string {
	files := make([]string, 0, len(s.file.Tokens.Keys))
	for _, name := range s.file.Tokens.Keys {
		files = append(files, s.file.Abs(name))
	}
	return files
}
