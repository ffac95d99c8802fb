package run

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Init is the command that begins an installation. Nothing else does: a Redis that has lost its data looks like a new one.
func Init() cli.Command {
	return cli.Command{
		Name: "init", Summary: "Begin a new installation in an empty Redis",
		Details: `Run it once, before the first gate and registry. It does nothing if Redis holds an installation. Do not run it to repair a
Redis that came back empty: restore its data. Clients, tokens and revocations are nowhere else.`,
		Example: "dcr-gateway init --redis redis://127.0.0.1:6379/0",
		Setup: func(flags *flag.FlagSet) cli.Run {
			var url string
			defineRedis(flags, &url)
			wait := flags.Duration("wait", 0, "longest `TIME` to wait for Redis")
			return func(ctx context.Context, call cli.Call) error {
				dialed, err := dial(url, nil)
				if err != nil {
					return err
				}
				var begun bool
				err = awaitRedis(ctx, *wait, func(ctx context.Context) error {
					now, err := dialed.Begin(ctx, 0)
					begun = begun || now // also where only the answer was lost
					return err
				}, func(cause error) { fmt.Fprintf(call.Stderr, "waiting for Redis, at most %s: %v\n", *wait, cause) })
				switch {
				case err != nil:
				case begun:
					_, err = fmt.Fprintf(call.Stdout, "installation %s begins\n", dialed.Installation())
				default:
					_, err = fmt.Fprintf(call.Stdout, "installation %s is there already\n", dialed.Installation())
				}
				return errors.Join(err, dialed.Close())
			}
		},
	}
}
