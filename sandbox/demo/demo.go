// Package demo walks a client's whole life through a real gateway, and tries three attacks on it.
package demo

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// Command is the command, for the program's table.
func Command() cli.Command {
	return cli.Command{
		Name: "demo", Summary: "Walk a client's whole life through a world of its own",
		Details: `It starts a sandbox in a temporary folder, registers a TPP with the bank, uses the registration, attacks it, deletes it,
and stops everything. Exit code 0 says that each step came out exactly as it should.`,
		Example: "dcr-gateway demo",
		Setup: func(flags *flag.FlagSet) cli.Run {
			port := flags.Int("port", 0, "first of five `PORT`s; free ones by default")
			return func(ctx context.Context, call cli.Call) error { return start(ctx, *port, call.Stdout, call.Stderr) }
		},
	}
}

func start(ctx context.Context, port int, stdout, stderr io.Writer) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "dcr-demo-")
	if err != nil {
		return err
	}
	o := world.Options{
		Dir: dir, Executable: executable, Port: cmp.Or(port, world.AnyPorts),
		Profile: "obie-3.3", AuthMethods: []string{"private_key_jwt", "tls_client_auth"},
	}
	err = run(ctx, o, printer{stdout, colours(stdout)}, stderr)
	return errors.Join(err, os.RemoveAll(dir))
}

func run(ctx context.Context, o world.Options, p printer, stderr io.Writer) error {
	start := time.Now()
	w, err := world.Start(ctx, o, func(line string) { _, _ = fmt.Fprintln(stderr, "demo: "+line) })
	if err != nil {
		return err
	}
	p.line("a bank, a trust framework and three TPPs run on this machine after %d ms\n", time.Since(start).Milliseconds())
	err = play(ctx, w, p)
	if err := errors.Join(err, w.Stop()); err != nil {
		return err
	}
	p.line("%s", next)
	return nil
}

func play(ctx context.Context, w *world.World, p printer) error {
	on, err := newWalk(w.Dir, w.File)
	if err != nil {
		return err
	}
	failed := 0
	for _, s := range steps() {
		answer, err := s.do(ctx, on)
		if !p.step(s, answer, err) {
			failed++
		}
		if ctx.Err() != nil {
			return errors.New("stopped")
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d steps did not come out as they should", failed, len(steps()))
	}
	return nil
}

const next = `
what to try next:
  dcr-gateway sandbox                        keep such a world running; its folder dcr-sandbox holds all keys
  dcr-gateway tpp register --world dcr-sandbox --print
                                             see the request a TPP sends, decoded
  dcr-gateway tpp register --world dcr-sandbox --claim 'response_types=["token"]'
                                             see a refusal: which rule, which sentence of the standard
  dcr-sandbox/routes.yaml                    the one file that drives Envoy, the gate and the registry
`
