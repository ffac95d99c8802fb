package edge

import (
	"context"
	"log/slog"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// between two reads of the load.
const between = 50 * time.Millisecond

// drain shuts an Envoy down. Each step is taken whether or not the one before succeeded.
type drain struct {
	admin *admin
	log   *slog.Logger
	times
}

// empty lets Envoy serve for as long as requests arrive, at most until the limit, and then finish those in flight. It asks
// for both kinds of drain: health checks see the first, which also makes every HTTP response tell its client to leave; the
// second tells other connections. With skip_exit the listeners stay open after --drain-time-s: we decide when to close them.
func (d *drain) empty(ctx context.Context, limit time.Duration) {
	d.log.InfoContext(ctx, "envoy drains", "limit", limit.String())
	d.tell(ctx, "/healthcheck/fail")
	d.tell(ctx, "/drain_listeners?graceful&skip_exit")
	if left := d.settle(ctx, d.quiet, limit); left > 0 {
		d.log.WarnContext(ctx, "the drain time is over and clients still send requests", "requests", left)
	}
	d.tell(ctx, "/drain_listeners") // closes the ports; connections stay
	if left := d.settle(ctx, d.quiet/4, d.rest); left > 0 {
		d.log.WarnContext(ctx, "envoy exits with requests in flight", "requests", left)
	}
}

// end makes Envoy exit.
func (d *drain) end(ctx context.Context, envoy *process.Process) {
	d.tell(ctx, "/quitquitquit")
	if envoy.EndsWithin(d.grace) {
		return
	}
	d.log.WarnContext(ctx, "envoy does not exit: sending SIGTERM")
	if envoy.End(d.grace) {
		d.log.WarnContext(ctx, "envoy was killed")
	}
}

func (d *drain) tell(ctx context.Context, path string) {
	if ctx.Err() != nil { // Envoy has ended
		return
	}
	if err := d.admin.post(ctx, path); err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "envoy's admin interface", "path", path, "cause", err.Error())
	}
}

// settle waits until nothing is in flight and nothing has arrived for a while, or until the limit has passed. An Envoy that
// does not answer counts as busy. It returns how many requests are still in flight.
func (d *drain) settle(ctx context.Context, quiet, limit time.Duration) (active uint64) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last load
	since := time.Now()
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		now, err := d.admin.load(ctx)
		switch {
		case err != nil:
			since = time.Now()
		case now.active > 0 || now.came != last.came:
			since = time.Now()
		case time.Since(since) >= quiet:
			return 0
		}
		if err == nil {
			last = now
		}
		select {
		case <-ctx.Done():
			return last.active
		case <-tick.C:
		}
	}
}
