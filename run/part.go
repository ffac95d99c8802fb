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
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
	"github.com/dcr-gateway/dcr-gateway/internal/trace/otlp"
)

// redisVariable keeps a Redis password out of the process list.
const redisVariable = "DCR_REDIS_URL"

const (
	openTime    = 30 * time.Second // how long a part waits for Redis at start before it gives up
	noticeAfter = 2 * time.Second  // how long it waits in silence
	openRetry   = 200 * time.Millisecond
)

// stored are the flags of every command that needs Redis and a log.
type stored struct {
	redis, log string
	level      slog.Level
	name       string // of the part, for log lines and traces

	collector *trace.Collector // of traces; nil for none
	version   string           // of the program
}

func (s *stored) define(flags *flag.FlagSet) {
	defineRedis(flags, &s.redis)
	flags.StringVar(&s.log, "log", "", "`FILE` for the log, JSON lines (default standard error)")
	flags.TextVar(&s.level, "log-level", slog.LevelInfo, "lowest `LEVEL` to log: debug, info, warn or error")
}

func defineRedis(flags *flag.FlagSet, url *string) {
	flags.StringVar(url, "redis", "", "Redis `URL`: redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://; ?password_file=FILE, and for TLS ca_file, cert_file, key_file, "+
		"are read again for each connection (default $"+redisVariable+")")
}

// part are the flags that gate and registry share.
type part struct {
	stored
	admin  socket.Local
	health string
	otlp   string
}

func (p *part) define(flags *flag.FlagSet, name string) {
	p.stored.define(flags)
	p.name = name
	p.admin = socket.Local("unix:run/" + name + "-admin.sock")
	flags.Var(&p.admin, "admin", "`ADDRESS` of the admin interface, unix:PATH; only the user of this process can open it")
	flags.StringVar(&p.health, "health", "", "`HOST:PORT` for /healthz, /readyz and /metrics (default: only on the admin interface)")
	flags.StringVar(&p.otlp, "otlp", "", "`URL` of a collector of traces, http://HOST:4317 or https:// (default $OTEL_EXPORTER_OTLP_ENDPOINT; no traces without)")
}

// setup is what gate and registry have in common: log, store and what to close.
type setup struct {
	store   *store.Store
	metrics *metric.Set // nil for a command that serves none
	log     *slog.Logger
	file    *decision.File // of the log
	spans   *otlp.Spans    // nil if nothing is traced
	closers []io.Closer    // in the order they were opened
}

// do is stored.do with metrics, and with the collector of traces that the flag or the environment names.
func (p *part) do(ctx context.Context, call cli.Call, run func(*setup) error) error {
	collector, err := trace.ReadCollector(p.otlp, os.Getenv)
	if err != nil {
		return cli.Exit{Code: 2, Text: err.Error()}
	}
	p.collector, p.version = collector, call.Version
	return p.stored.do(ctx, call.Stderr, metric.New(p.name, call.Version), run)
}

// do opens the log and the store, runs a function with them, and closes them. An error is also written to the log, since
// standard error may go nowhere. The metrics are nil for a command that serves none.
func (s *stored) do(ctx context.Context, stderr io.Writer, metrics *metric.Set, run func(*setup) error) error {
	log, file, err := decision.Open(s.log, s.level)
	if err != nil {
		return err
	}
	if s.name != "" {
		log = log.With("part", s.name)
	}
	opened := &setup{log: log, metrics: metrics, file: file, closers: []io.Closer{file}}
	measureLog(metrics, file)
	if s.log == "" {
		stderr = io.Discard // the log goes there
	}
	if err = opened.openTraces(ctx, s); err == nil {
		err = opened.openStore(ctx, s.redis, stderr)
	}
	if err == nil {
		err = run(opened)
	}
	if err != nil {
		log.ErrorContext(ctx, "the process ends", "cause", err.Error())
	}
	return errors.Join(err, opened.close())
}

// openTraces opens the way to the collector, if there is one, and has log lines name their trace.
func (s *setup) openTraces(ctx context.Context, of *stored) (err error) {
	if s.spans, err = otlp.Open(ctx, of.collector, otlp.Part{Name: of.name, Version: of.version, Log: s.log, Metrics: s.metrics}); err != nil || s.spans == nil {
		return err
	}
	s.closers = append(s.closers, s.spans)
	s.log = trace.Logged(s.log)
	return nil
}

// openStore waits for Redis, since parts start in any order, and says so.
func (s *setup) openStore(ctx context.Context, url string, stderr io.Writer) error {
	dialed, err := dial(url, s.metrics)
	if err != nil {
		return err
	}
	s.store = dialed
	s.closers = append(s.closers, dialed)
	if err := awaitRedis(ctx, openTime, dialed.Open, func(cause error) {
		fmt.Fprintf(stderr, "waiting for Redis, at most %s: %v\n", openTime, cause)
		s.log.WarnContext(ctx, "waiting for redis", "longest", openTime.String(), "cause", cause.Error())
	}); err != nil {
		return err
	}
	for _, warning := range dialed.Warnings(ctx) {
		s.log.WarnContext(ctx, warning)
	}
	return nil
}

// awaitRedis tries once, and again until it works or the longest time is over. It calls notice once, after a while, with what
// keeps it waiting.
func awaitRedis(ctx context.Context, longest time.Duration, try func(context.Context) error, notice func(cause error)) error {
	over := time.After(longest)
	due := time.NewTimer(noticeAfter)
	defer due.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-over:
			return fmt.Errorf("redis: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("redis: %w", err)
		case <-due.C:
			notice(err)
		case <-time.After(openRetry):
		}
	}
}

// dial returns the store at a URL, or at that of the environment.
func dial(url string, metrics *metric.Set) (*store.Store, error) {
	if url == "" {
		url = os.Getenv(redisVariable)
	}
	if url == "" {
		return nil, cli.Exit{Code: 2, Text: "name the Redis to use: --redis URL, or $" + redisVariable}
	}
	dialed, err := store.Dial(url, metrics)
	if err != nil {
		return nil, cli.Exit{Code: 2, Text: err.Error()}
	}
	return dialed, nil
}

// reopen goes on in a new log file after the one before was renamed.
func (s *setup) reopen() {
	if err := s.file.Reopen(); err != nil {
		s.log.Error("the log file cannot be reopened", "cause", err.Error())
	}
}

func (s *setup) close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
