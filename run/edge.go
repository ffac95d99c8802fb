package run

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/envoy/edge"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

const edgeUsage = "usage: dcr-gateway edge [flags] -- ENVOY ARGUMENTS..."

// Edge runs Envoy, which by itself would lose what is under way when it is told to end.
func Edge(ctx context.Context, arguments []string, _, stderr io.Writer) error {
	flags := flag.NewFlagSet("edge", flag.ContinueOnError)
	admin := flags.String("admin", "unix:run/envoy-admin.sock", "`ADDRESS` of Envoy's admin interface")
	drain := flags.Duration("drain", 10*time.Second, "longest `TIME` for requests under way when it is told to end")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return cli.Exit{Code: 2, Text: edgeUsage}
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	return edge.Run(ctx, edge.Options{
		Argv: flags.Args(), Admin: *admin, Drain: *drain, Stdout: os.Stdout, Stderr: os.Stderr, Log: log,
	})
}
