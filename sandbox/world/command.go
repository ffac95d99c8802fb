package world

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// Command is the command, for the program's table.
func Command() cli.Command {
	return cli.Command{
		Name: "sandbox", Summary: "Run a whole world: directory, TPPs, bank, Redis, registry, gate, Envoy",
		Details: `A world on this machine: a trust framework's directory, a bank's API behind the gateway (Envoy, gate, registry,
Redis), and three TPPs with their keys. Each start makes a new one, which runs until Ctrl-C. DIR/world.json says where
everything is, and is there as soon as everything serves.`,
		Example: "dcr-gateway sandbox --data world\ndcr-gateway sandbox --data world --fleet 3\ndcr-gateway sandbox --data world --restart",
		Setup:   setup,
	}
}

func setup(flags *flag.FlagSet) cli.Run {
	var o Options
	flags.StringVar(&o.Dir, "data", "dcr-sandbox", "`DIR` of the world's files; an older world in it is replaced")
	flags.IntVar(&o.Port, "port", 0, "first of five `PORT`s, and two more for each further gateway; by default from 8443, and 16379 for Redis")
	flags.StringVar(&o.Profile, "profile", profiles[0].Name, "`NAME` of the registration profile that world.json is about; all are served: "+strings.Join(profileNames(), ", "))
	methods := flags.String("auth-methods", strings.Join(authMethods, ","), "client authentication `METHODS` that discovery names, separated by commas")
	flags.StringVar(&o.Redis, "redis", "", "`URL` of a Redis to use; by default one is started")
	flags.IntVar(&o.Fleet, "fleet", 1, "`N` gateways, each an Envoy, a gate and a registry, on one Redis")
	flags.StringVar(&o.OTLP, "otlp", "", "`URL` of a collector of traces, for the gates and the registries")
	restart := flags.Bool("restart", false, "start the parts that have ended of the world that runs in DIR")
	return func(ctx context.Context, call cli.Call) (err error) {
		if *restart {
			return runRestart(ctx, o.Dir, call.Stdout)
		}
		o.AuthMethods = strings.Split(*methods, ",")
		if o.Executable, err = os.Executable(); err != nil {
			return err
		}
		return run(ctx, o, call.Stdout, call.Stderr)
	}
}

func run(ctx context.Context, o Options, stdout, stderr io.Writer) error {
	w, err := Start(ctx, o, func(line string) { _, _ = fmt.Fprintln(stderr, "sandbox: "+line) })
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("stopped before it was ready")
		}
		return err
	}
	w.Watch(func(name string, pid int, cause error) {
		_, _ = fmt.Fprintf(stderr, "sandbox: the %s (pid %d) has ended (%v); see %s; to start it again: dcr-gateway sandbox --data %s --restart\n",
			name, pid, cause, outputFile(w.Dir, name), o.Dir)
	})
	_, _ = io.WriteString(stdout, welcome(o.Dir, w))
	w.keepFresh(ctx, func(err error) { _, _ = fmt.Fprintf(stderr, "sandbox: %v\n", err) })
	_, _ = fmt.Fprintln(stderr, "sandbox: stopping")
	return w.Stop()
}

func runRestart(ctx context.Context, dir string, stdout io.Writer) error {
	names, err := Restart(ctx, dir)
	if err != nil {
		return err
	}
	text := "everything runs"
	if len(names) > 0 {
		text = "started again: " + strings.Join(names, ", ")
	}
	if w, err := worldfile.Read(dir); err == nil && forgot(w, names) {
		text += "\nthe embedded store has forgotten everything: a new installation begins, and TPPs must register again"
	}
	_, err = fmt.Fprintln(stdout, text)
	return err
}

func welcome(dir string, w *World) string {
	f := w.File
	return fmt.Sprintf(`ready: %s
  discovery  %s
  register   POST %s
  token      POST %s
  accounts   %s %s
  directory  %s
  routes     %s: save it, and it is live

try, in another terminal:
  dcr-gateway tpp register --world %s
  dcr-gateway tpp token --scope %s
  dcr-gateway tpp call %s
  dcr-gateway routes status --gate unix:%s
Ctrl-C stops everything.
`, filepath.Join(w.Dir, worldfile.Name), f.Discovery, f.Registration, f.Token, f.APIs[0].Method, f.APIs[0].URL, f.Directory.API,
		filepath.Join(w.Dir, f.Routes), dir, f.APIs[0].Scope, f.APIs[0].URL, filepath.Join(dir, strings.TrimPrefix(f.Internal.GateAdmin, "unix:")))
}
