package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// live holds the flags of a part that follows routes.yaml while it runs, as gate and registry do.
type live struct{ admin, health, state string }

func newLive(flags *flag.FlagSet, admin, state string) *live {
	l := &live{}
	flags.StringVar(&l.admin, "admin", "unix:"+admin, "`ADDRESS` of the admin interface: unix:PATH, for it can roll back")
	flags.StringVar(&l.health, "health", "", "`HOST:PORT` for /healthz, /readyz and /metrics (default: on the admin interface alone)")
	flags.StringVar(&l.state, "state", state, "`DIR` for the last versions of the routes; \"\" keeps them only until the process ends")
	return l
}

// load puts the first version in force.
func (l *live) load(ctx context.Context, path string, side control.Part, log *slog.Logger) (*control.Follower, error) {
	if l.state != "" {
		if err := os.MkdirAll(filepath.Dir(l.state), 0o750); err != nil {
			return nil, err
		}
	}
	follower, err := control.NewFollower(path, l.state, side, log)
	if err != nil {
		return nil, err
	}
	if err := follower.Load(ctx); err != nil {
		return nil, errors.Join(err, follower.Close())
	}
	return follower, nil
}

// serve follows the file, and answers operators, probes and scrapers.
func (l *live) serve(ctx context.Context, group *errgroup.Group, follower *control.Follower, status func() control.Status) {
	group.Go(func() error { return follower.Run(ctx) })
	group.Go(func() error { poke(ctx, follower); return nil })
	group.Go(func() error { return serveHTTP(ctx, l.admin, control.Admin(follower, status)) })
	if l.health != "" {
		group.Go(func() error { return serveHTTP(ctx, l.health, control.Health(status)) })
	}
}

// poke looks at the files when SIGHUP asks for it.
func poke(ctx context.Context, follower *control.Follower) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			follower.Poke()
		}
	}
}

// lastAnswer is the time that an answer may still take when the part ends.
const lastAnswer = 100 * time.Millisecond

func serveHTTP(ctx context.Context, address string, handler http.Handler) error {
	listener, err := socket.Listen(ctx, address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if err := socket.ServeHTTP(ctx, listener, server, lastAnswer); ctx.Err() == nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}
