// Command dcr-gateway is the whole product: the gate, the registry and the tools around them, one subcommand each.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/dcr-gateway/dcr-gateway/cli/admin"
	"github.com/dcr-gateway/dcr-gateway/cli/conform"
	"github.com/dcr-gateway/dcr-gateway/run"
)

// version is set by the linker.
var version = "development"

// A command is one subcommand. run returns nil, an error to print, or an exitCode.
type command struct {
	name, summary string
	run           func(ctx context.Context, arguments []string, stdout, stderr io.Writer) error
}

func commands() []command {
	return append([]command{
		{"gate", "decide about requests: Envoy's ext_authz service", run.Gate},
		{"registry", "keep clients and tokens, behind Envoy", run.Registry},
		{"routes", "validate, compare, explain and render routes.yaml; status, history and rollback of a gate", admin.Run},
		{"explain", "say what was decided about one request, and why, by the logs", admin.Decision},
		{"edge", "run Envoy, and drain it before it ends", run.Edge},
		{"keys", "rotate the keys that sign access tokens", run.Keys},
		{"dn", "show and compare distinguished names as the gate does", atDesk("dn")},
		{"ssa", "decode a software statement, and say what its directory makes of it", atDesk("ssa")},
		{"lint", "check a registration request by the gate's rules, offline", atDesk("lint")},
		{"conform", "judge a bank's registration endpoint from outside, clause by clause", conform.Run},
		{"version", "print the version", runVersion},
	}, sandboxCommands()...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute finds the subcommand and turns its error into an exit code: 2 for wrong usage, 1 for failure.
func execute(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		usage(stderr)
		return 2
	}
	for _, c := range commands() {
		if c.name != arguments[0] {
			continue
		}
		err := c.run(ctx, arguments[1:], stdout, stderr)
		var code interface{ ExitCode() int }
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.As(err, &code):
			if text := err.Error(); text != "" {
				fmt.Fprintf(stderr, "dcr-gateway %s: %s\n", c.name, text)
			}
			return code.ExitCode()
		}
		fmt.Fprintf(stderr, "dcr-gateway %s: %v\n", c.name, err)
		return 1
	}
	usage(stderr)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: dcr-gateway COMMAND [flags]; dcr-gateway COMMAND -h explains one")
	for _, c := range commands() {
		if c.summary != "" {
			fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
		}
	}
}

func runVersion(_ context.Context, _ []string, stdout, _ io.Writer) error {
	_, err := fmt.Fprintln(stdout, version)
	return err
}
