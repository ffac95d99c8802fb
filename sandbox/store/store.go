// Package store is a Redis-compatible server for machines without a redis-server. It is volatile: what it holds is gone
// when it ends, so it is for a sandbox and nothing else.
package store

import (
	"context"
	"flag"
	"fmt"

	"github.com/alicebob/miniredis/v2"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Command is the store's own process. It serves until the context ends.
func Command() cli.Command {
	return cli.Command{
		Name: "sandbox-store", Summary: "Serve a volatile, Redis-compatible store", Hidden: true,
		Setup: func(flags *flag.FlagSet) cli.Run {
			listen := flags.String("listen", "127.0.0.1:16379", "`HOST:PORT` to serve on")
			return func(ctx context.Context, call cli.Call) error {
				server := miniredis.NewMiniRedis()
				server.ClockTTL(true) // keys expire by the clock, as in Redis
				if err := server.StartAddr(*listen); err != nil {
					return err
				}
				defer server.Close()
				_, _ = fmt.Fprintf(call.Stdout, "store: serving redis://%s, volatile\n", *listen)
				<-ctx.Done()
				return nil
			}
		},
	}
}
