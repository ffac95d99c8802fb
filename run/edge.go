package run

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy/edge"
	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// Edge is the command that runs Envoy and drains it on SIGTERM. Envoy alone would drop the requests in flight.
func Edge() cli.Command {
	return cli.Command{
		Name: "edge", Operands: "ENVOY...", Summary: "Run Envoy, and drain it before it ends",
		Details: `ENVOY is Envoy's command line. The options for changed listeners are added to it: connections on old settings end within
edge.drain_time of routes.yaml. At SIGTERM Envoy's clients are sent elsewhere; what still comes is served, until nothing comes
any more or the time is over. SIGHUP has Envoy reopen its access log. The exit code is Envoy's.`,
		Example: "dcr-gateway edge --drain 20s -- envoy -c envoy.yaml",
		Setup: func(flags *flag.FlagSet) cli.Run {
			admin := socket.Local("unix:run/envoy-admin.sock")
			flags.Var(&admin, "admin", "`ADDRESS` of Envoy's admin interface, unix:PATH")
			file := flags.String("routes", "routes.yaml", "the routes `FILE`")
			health := flags.String("health", "", "`HOST:PORT` for /healthz, /readyz and /metrics of Envoy (default nowhere)")
			drain := flags.Duration("drain", 10*time.Second, "longest `TIME` to drain requests at the end")
			return func(ctx context.Context, call cli.Call) error {
				log := slog.New(slog.NewJSONHandler(call.Stderr, nil))
				syscall.Umask(0o027) // of Envoy's access log: it names clients
				return edge.Run(ctx, edge.Options{
					Argv: call.Operands, DrainTime: drainTime(ctx, *file, log), Admin: admin, Health: *health, Drain: *drain,
					Stdout: os.Stdout, Stderr: os.Stderr, Log: log,
				})
			}
		},
	}
}

// drainTime reads edge.drain_time. A file that cannot be used now is the gate's to report; the default is used meanwhile.
func drainTime(ctx context.Context, path string, log *slog.Logger) time.Duration {
	text, err := bounded.ReadFile(path, config.MaxSize)
	if err == nil {
		file, err := routes.ParseKept(path, text, filepath.Dir(path))
		if err == nil {
			return file.Edge.DrainTime
		}
	}
	log.WarnContext(ctx, "edge.drain_time is not known: the file cannot be read, or is not valid", "file", path, "used", routes.DefaultDrainTime.String())
	return routes.DefaultDrainTime
}
