// Command dcr-gateway is the whole product: the gate, the registry and the tools around them, one command each.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/dcr-gateway/dcr-gateway/cli/admin"
	"github.com/dcr-gateway/dcr-gateway/cli/check"
	"github.com/dcr-gateway/dcr-gateway/cli/conform"
	"github.com/dcr-gateway/dcr-gateway/cli/desk"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/run"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(program().Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// program is the table of all commands.
func program() cli.Command {
	return cli.Command{
		Name: "dcr-gateway", Summary: "Open Banking Dynamic Client Registration behind Envoy", Version: version,
		Details: "exit codes: 0 well, 1 something is wrong, 2 wrong usage",
		Commands: slices.Concat(
			[]cli.Command{run.Init(), run.Gate(), run.Registry(), run.Edge(), run.EdgeFiles(), run.Keys(), run.Clients()},
			check.Commands(), admin.Commands(), desk.Commands(), []cli.Command{conform.Command()}, sandboxCommands(), cli.Completion(program),
			[]cli.Command{{Name: "version", Summary: "Print the version", Example: "dcr-gateway version", Setup: printVersion}},
		),
	}
}

func printVersion(flags *flag.FlagSet) cli.Run {
	var form cli.Form
	form.Add(flags)
	return func(_ context.Context, call cli.Call) error {
		return form.Print(call.Stdout, map[string]string{"version": version}, func() string { return version + "\n" })
	}
}
