package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

const (
	checkEvery   = time.Second
	checkTimeout = 900 * time.Millisecond
	slow         = 200 * time.Millisecond // a check takes less than a millisecond on a Redis near by
	slowChecks   = 3                      // more than quick ones, before it is reported; and as many quick ones end it
)

// The states of Redis that a command shows.
const (
	answered    = "ok"
	full        = "full"
	readOnly    = "read-only" // or it lacks the replicas that it must have, or cannot write to its disk
	foreign     = "foreign"   // another installation's, or empty
	refusing    = "refusing"  // the password is wrong, or may not do this
	unreachable = "unreachable"
)

// states are the codes of Redis' replies that concern Redis and not the command.
var states = map[string]string{
	"OOM": full, "READONLY": readOnly, "MISCONF": readOnly, "NOREPLICAS": readOnly, "NOAUTH": refusing, "WRONGPASS": refusing,
	"NOPERM": refusing, "LOADING": unreachable, "BUSY": unreachable, "CLUSTERDOWN": unreachable, "MASTERDOWN": unreachable,
	"TRYAGAIN": unreachable,
}

// errForeign is why a store refuses to use a Redis that has lost its installation.
var errForeign = errors.New("redis holds no installation, or another one")

// stateOf returns the state of Redis that an error of a command shows.
func stateOf(err error) string {
	reply, isReply := errors.AsType[redis.Error](err)
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		return answered
	case errors.Is(err, errForeign):
		return foreign
	case !isReply:
		return unreachable
	}
	code, _, _ := strings.Cut(reply.Error(), " ")
	if state, known := states[code]; known {
		return state
	}
	return answered // Redis is well, and the command or what it found is not
}

// Health says whether Redis serves, and since when.
type Health struct {
	Why   string    `json:"why,omitempty"` // why it does not; "" if it does
	Since time.Time `json:"since"`
}

// A monitor watches the commands of a store, and keeps them from a Redis that holds another installation.
type monitor struct {
	installation atomic.Pointer[string] // nil until the store is opened
	lost         atomic.Bool            // Redis holds another one, as was last seen
	unusable     atomic.Pointer[string] // why the files that the URL names cannot be used; nil if they can

	metrics  metrics
	capacity atomic.Pointer[Capacity] // nil until it was asked

	mu     sync.Mutex
	health Health
}

func newMonitor(set *metric.Set) *monitor {
	return &monitor{metrics: newMetrics(set), health: Health{Since: time.Now()}}
}

// Health returns what Follow found last.
func (s *Store) Health() Health {
	s.monitor.mu.Lock()
	defer s.monitor.mu.Unlock()
	return s.monitor.health
}

type verifying struct{}

// verify checks a new connection before a command is sent on it: a Redis that comes back empty, and one that a name now
// leads to instead, are met by a new connection. A node of a cluster that does not keep the id says so, and is not asked.
func (m *monitor) verify(ctx context.Context, connection *redis.Conn) error {
	want := m.installation.Load()
	if want == nil || ctx.Value(verifying{}) != nil {
		return nil
	}
	id, err := connection.Get(context.WithValue(ctx, verifying{}, true), installationKey).Result()
	if err != nil && !errors.Is(err, redis.Nil) || id == *want {
		return nil
	}
	m.lost.Store(true)
	return errForeign
}

// files keeps what is wrong with the files that the URL names.
func (m *monitor) files(err error) {
	if err == nil {
		m.unusable.Store(nil)
		return
	}
	why := "files of the redis url are not usable, the last ones stay in use: " + err.Error()
	m.unusable.Store(&why)
}

// DialHook implements redis.Hook.
func (m *monitor) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (m *monitor) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		return m.record(ctx, func() error { return next(ctx, command) })
	}
}

// ProcessPipelineHook implements redis.Hook.
func (m *monitor) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		return m.record(ctx, func() error { return next(ctx, commands) })
	}
}

func (m *monitor) record(ctx context.Context, command func() error) error {
	if ctx.Value(uncounted{}) != nil {
		return command()
	}
	if m.lost.Load() && ctx.Value(verifying{}) == nil {
		m.metrics.commands[foreign].Inc()
		return errForeign
	}
	m.metrics.running.Inc()
	defer m.metrics.running.Dec()
	begun := time.Now()
	err := command()
	m.metrics.took.Observe(time.Since(begun).Seconds())
	m.metrics.commands[stateOf(err)].Inc()
	return err
}

// Follow checks Redis once a second until ctx ends, and logs when that changes.
func (s *Store) Follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	var p pace
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		begun := time.Now()
		why := s.check(ctx)
		took := time.Since(begun)
		if why == "" && turn%int(capacityEvery/checkEvery) == 0 {
			s.look(ctx)
		}
		if why == "" && p.isSlow(took) {
			why = fmt.Sprintf("redis is slow: it answers after %d ms", p.took.Milliseconds())
		}
		if ctx.Err() == nil {
			s.monitor.report(ctx, why, log)
		}
	}
}

// A pace tells a slow Redis from one slow answer, and one that is quick again from one quick answer.
type pace struct {
	late int           // grows with each slow check, and shrinks with each quick one
	slow bool          // late has reached slowChecks, and not 0 since
	took time.Duration // of the last slow check
}

func (p *pace) isSlow(took time.Duration) bool {
	if took < slow {
		p.late = max(p.late-1, 0)
	} else {
		p.late, p.took = min(p.late+1, slowChecks), took
	}
	if p.late == 0 || p.late == slowChecks {
		p.slow = p.late > 0
	}
	return p.slow
}

// check asks Redis for the installation's id, and whether it takes writes: it refuses to start a script that may write
// when it would refuse the write. The script writes nothing.
func (s *Store) check(ctx context.Context) (why string) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, verifying{}, true), checkTimeout)
	defer cancel()
	id, err := s.redis.Get(ctx, installationKey).Result()
	if stateOf(err) == answered {
		s.monitor.lost.Store(id != s.Installation())
		if id != s.Installation() {
			return errForeign.Error()
		}
		for shard := range s.probed() {
			key := shardOf(shard).key("probe", "")
			if err = s.redis.Eval(ctx, "#!lua\nreturn 1", []string{key}).Err(); stateOf(err) != answered {
				break
			}
		}
	}
	switch state := stateOf(err); state {
	case answered:
		if why := s.monitor.unusable.Load(); why != nil {
			return *why
		}
		return ""
	case unreachable:
		return "redis cannot be reached: " + failure(err).Error()
	default:
		return "redis is " + state + ": " + failure(err).Error()
	}
}

// probed is how many shards must be asked for each node to be asked: those of one server, or all of a cluster's.
func (s *Store) probed() int {
	if _, cluster := s.redis.(*redis.ClusterClient); cluster {
		return s.shards
	}
	return 1
}

func (m *monitor) report(ctx context.Context, why string, log *slog.Logger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before := m.health.Why; (why == "") != (before == "") {
		m.health.Since = time.Now()
		if why == "" {
			log.InfoContext(ctx, "redis serves again", "before", before)
		} else {
			log.ErrorContext(ctx, "redis is degraded", "cause", why)
		}
	}
	m.health.Why = why
}

// Warnings are the settings of Redis that lose clients. A Redis that does not say is not warned about.
func (s *Store) Warnings(ctx context.Context) (all []string) {
	text, err := s.redis.Info(ctx, "everything").Result()
	if err != nil {
		return nil
	}
	has := func(setting string) bool { return strings.Contains(text, "\r\n"+setting+"\r\n") }
	if strings.Contains(text, "maxmemory_policy:") && !has("maxmemory_policy:noeviction") {
		all = append(all, "redis evicts keys when it is full, clients and revocations among them: set maxmemory-policy noeviction")
	}
	if has("aof_enabled:0") {
		all = append(all, "redis loses acknowledged writes when it ends: set appendonly yes")
	}
	return all
}
