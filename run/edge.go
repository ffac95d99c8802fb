package run

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy/edge"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// Edge is the command that runs Envoy and drains it on SIGTERM. Envoy alone would drop the requests in flight.
func Edge() cli.Command {
	return cli.Command{
		Name: "edge", Operands: "ENVOY...", Summary: "Run Envoy, and drain it before it ends",
		Details: `ENVOY is Envoy's command line. At SIGTERM its clients are sent elsewhere; what still comes is served, until nothing comes
any more or the time is over. The exit code is Envoy's.`,
		Example: "dcr-gateway edge --drain 20s -- envoy -c envoy.yaml",
		Setup: func(flags *flag.FlagSet) cli.Run {
			admin := socket.Local("unix:run/envoy-admin.sock")
			flags.Var(&admin, "admin", "`ADDRESS` of Envoy's admin interface, unix:PATH")
			drain := flags.Duration("drain", 10*time.Second, "longest `TIME` to drain requests at the end")
			return func(ctx context.Context, call cli.Call) error {
				return edge.Run(ctx, edge.Options{
					Argv: call.Operands, Admin: admin, Drain: *drain, Stdout: os.Stdout, Stderr: os.Stderr,
					Log: slog.New(slog.NewJSONHandler(call.Stderr, nil)),
				})
			}
		},
	}
}
