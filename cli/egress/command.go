package egress

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/trace"
)

// options are the flags of the command.
type options struct {
	Flags
	otlp, output, check string
}

// Command is the command that says what the processes connect to.
func Command() cli.Command {
	return cli.Command{
		Name: "egress", Operands: "FILE", Summary: "List what gate, registry and Envoy connect to",
		Details: `The list is derived from routes.yaml, the directories that it names, and the flags of the processes. Host names are resolved
by DNS, which the processes ask as well. Unix sockets are not listed.
exit codes: 0 ok, 1 the file is refused or --check found something missing, 2 wrong usage or an unreadable file`,
		Example: `dcr-gateway egress routes.yaml --redis rediss://redis.bank.example:6380
dcr-gateway egress routes.yaml --redis rediss://redis.bank.example:6380 --output policy > egress.yaml
dcr-gateway egress routes.yaml --redis rediss://redis.bank.example:6380 --check egress.yaml`,
		Setup: func(flags *flag.FlagSet) cli.Run {
			var o options
			flags.StringVar(&o.Redis, "redis", "", "Redis `URL` of gate and registry (default $DCR_REDIS_URL)")
			flags.Func("redis-node", "`HOST:PORT` of a Redis server that the URL does not name: behind Sentinels, or in a cluster; may be repeated", cli.Each(&o.Nodes))
			flags.StringVar(&o.otlp, "otlp", "", "`URL` that traces are sent to (default $OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or $OTEL_EXPORTER_OTLP_ENDPOINT)")
			flags.StringVar(&o.output, "output", "text", "`FORM` of the answer: text, json for scripts, or policy for the chart's value networkPolicy.egress")
			flags.StringVar(&o.check, "check", "", "`FILE` with the value networkPolicy.egress: print what it does not allow, and exit with 1 if there is anything")
			return func(_ context.Context, call cli.Call) error { return o.run(call) }
		},
	}
}

func (o *options) run(call cli.Call) error {
	o.Redis = cmp.Or(o.Redis, os.Getenv("DCR_REDIS_URL"))
	collector, err := trace.ReadCollector(o.otlp, os.Getenv)
	if err != nil {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	if collector != nil {
		o.Collector = collector.Address()
	}
	print, known := map[string]func(io.Writer, []Destination) error{"text": printText, "json": printJSON, "policy": printPolicy}[o.output]
	if !known {
		return cli.Exit{Code: cli.Wrong, Text: fmt.Sprintf("--output is %q, and must be text, json or policy", o.output)}
	}
	version, err := config.Read(call.Operands[0])
	if errors.Is(err, os.ErrNotExist) {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	} else if err != nil {
		return err
	}
	all, err := List(version, o.Flags)
	if err != nil {
		return err
	}
	if o.Redis == "" {
		fmt.Fprintln(call.Stderr, "Redis is not in the list: no --redis, and no $DCR_REDIS_URL")
	}
	if o.check != "" {
		return check(call.Stdout, o.check, all)
	}
	return print(call.Stdout, all)
}

// printJSON writes the list for scripts.
func printJSON(w io.Writer, all []Destination) error {
	var form cli.Form
	if err := form.Set("json"); err != nil {
		return err
	}
	return form.Print(w, all, nil)
}

// printText writes the list for people.
func printText(w io.Writer, all []Destination) error {
	var text strings.Builder
	for _, d := range all {
		fmt.Fprintf(&text, "%-9s %-45s %s\n", d.Process, d.Address(), d.Why)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
