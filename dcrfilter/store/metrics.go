package store

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

// commandBuckets are upper bounds in seconds: a command takes 50 microseconds to a Redis on the same machine, and 0.2 seconds
// is slow.
var commandBuckets = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .2, .5, 1}

// metrics are those of a store's commands.
type metrics struct {
	running  prometheus.Gauge
	commands map[string]prometheus.Counter // by the state of Redis that they showed
	took     prometheus.Observer
}

func newMetrics(set *metric.Set) metrics {
	m := metrics{
		running:  set.Gauge("dcr_redis_commands_in_flight", "Commands and pipelines that Redis has not answered yet.").WithLabelValues(),
		took:     set.Histogram("dcr_redis_command_duration_seconds", "Time of a command or pipeline to Redis.", commandBuckets).WithLabelValues(),
		commands: map[string]prometheus.Counter{},
	}
	commands := set.Counter("dcr_redis_commands_total", "Commands and pipelines to Redis, by outcome: ok, or why Redis did not serve. "+
		"full, read-only, foreign (another installation, or empty), refusing (password or ACL), unreachable.", "outcome")
	for _, state := range []string{answered, full, readOnly, foreign, refusing, unreachable} {
		m.commands[state] = commands.WithLabelValues(state)
	}
	return m
}

// measure declares the metrics of the connection.
func (s *Store) measure(set *metric.Set) {
	metric.Read(set, s.Health,
		metric.Value("dcr_redis_up", "1 while Redis serves this installation, in time.", func(h Health) float64 { return metric.Bool(h.Why == "") }),
	)
	metric.Read(set, s.Capacity,
		metric.Value("dcr_redis_memory_used_bytes", "Memory that Redis uses; of a cluster, of the node that uses most. 0 if Redis does not say.",
			func(c Capacity) float64 { return c.Used }),
		metric.Value("dcr_redis_memory_max_bytes", "Memory that this Redis may use; 0 if it has no limit, or does not say.", func(c Capacity) float64 { return c.Most }),
		metric.Values("dcr_redis_keys", "Keys in the database, by whether they expire: used jtis, revocations and what gates publish do, clients do not. 0 if Redis does not say.",
			func(c Capacity, emit metric.Emit) {
				emit(c.Expiring, "yes")
				emit(c.Keys-c.Expiring, "no")
			}, "expires"),
	)
	metric.Read(set, s.redis.PoolStats,
		metric.Values("dcr_redis_connections", "Connections to Redis, by state: active or idle.", func(p *redis.PoolStats, emit metric.Emit) {
			emit(float64(p.TotalConns-p.IdleConns), "active")
			emit(float64(p.IdleConns), "idle")
		}, "state"),
		metric.Value("dcr_redis_connection_waits_total", "Commands that waited for a free connection.", func(p *redis.PoolStats) float64 { return float64(p.WaitCount) }),
		metric.Value("dcr_redis_connection_wait_seconds_total", "Time that commands waited for a free connection.",
			func(p *redis.PoolStats) float64 { return float64(p.WaitDurationNs) / 1e9 }),
		metric.Value("dcr_redis_connection_timeouts_total", "Commands that failed because no connection became free in time.",
			func(p *redis.PoolStats) float64 { return float64(p.Timeouts) }),
	)
}
