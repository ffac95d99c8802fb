package edge

import (
	"context"
	"log/slog"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
)

// between two looks at what is under way.
const between = 50 * time.Millisecond

// drain is the end of an Envoy. Its steps go on whatever becomes of the one before.
type drain struct {
	admin *admin
	log   *slog.Logger
	times
}

// empty lets Envoy go on for as long as clients bring something, but not longer than the limit, and then answer what it
// has. Both ways of draining are asked for: the first is what health checks see and what makes each answer of HTTP say
// goodbye at once, the second tells other connections. skip_exit keeps the listeners open when --drain-time-s has passed:
// when to close them is decided here.
func (d *drain) empty(ctx context.Context, limit time.Duration) {
	d.log.InfoContext(ctx, "envoy drains", "limit", limit.String())
	d.tell(ctx, "/healthcheck/fail")
	d.tell(ctx, "/drain_listeners?graceful&skip_exit")
	if left := d.settle(ctx, d.quiet, limit); left > 0 {
		d.log.WarnContext(ctx, "envoy is to end and clients still come", "requests", left)
	}
	d.tell(ctx, "/drain_listeners") // closes the ports; connections stay
	if left := d.settle(ctx, d.quiet/4, d.rest); left > 0 {
		d.log.WarnContext(ctx, "envoy ends with requests under way", "requests", left)
	}
}

// end ends Envoy.
func (d *drain) end(ctx context.Context, envoy *process.Process) {
	d.tell(ctx, "/quitquitquit")
	if envoy.EndsWithin(d.grace) {
		return
	}
	d.log.WarnContext(ctx, "envoy does not end: SIGTERM is sent")
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

// settle waits until nothing is under way and nothing has come for a while, or the limit has passed; an Envoy that does
// not say is taken to be busy. It returns how many requests were under way at last.
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
