// Command bench measures the gateway as its clients and its administrator meet it, in whole worlds of real processes on
// this machine: checks a second over the gate's socket, a save of routes.yaml until Envoy enforces it, and memory. A
// number of checks a second says more about the machine than about the gate, so each is given as a ratio to a floor: a
// server that allows everything, asked the same in the same run.
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

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run fails when a requirement is missed.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	if len(arguments) == 2 && arguments[0] == floorCommand {
		return serveFloor(arguments[1], os.Stdin)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	say := func(line string) { _, _ = fmt.Fprintln(stderr, "bench: "+line) }
	found, err := measure(ctx, say)
	if err != nil {
		return err
	}
	return errors.Join(found.print(stdout), found.missed())
}

// measure measures all there is. Saves come first, while nothing else runs.
func measure(ctx context.Context, say func(string)) (found *report, err error) {
	say("building the program")
	b, err := openBench(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	say("starting a world")
	many, err := b.site(ctx)
	if err != nil {
		return nil, err
	}
	found = new(report)
	if found.reloads, err = reloads(ctx, many.world, say); err != nil {
		return nil, err
	}
	if err := many.refresh(ctx); err != nil {
		return nil, err
	}
	say("starting another world")
	few, err := b.site(ctx)
	if err != nil {
		return nil, err
	}
	if err := found.contests(ctx, b, few, many, say); err != nil {
		return nil, err
	}
	gate, err := memoryOf(few.world, harness.Gate, gateMost)
	if err != nil {
		return nil, err
	}
	registry, err := memoryOf(few.world, harness.Registry, registryMost)
	found.memory = []memory{gate, registry}
	return found, err
}

// contests measures the gate of a world with few routes against the floor, and that of one with many against it.
func (r *report) contests(ctx context.Context, b *bench, few, many *site, say func(string)) error {
	floor, err := b.floor()
	if err != nil {
		return err
	}
	warm, err := few.warm(ctx)
	if err != nil {
		return fmt.Errorf("prepare the warm checks: %w", err)
	}
	warmOfMany, err := many.warm(ctx)
	if err != nil {
		return fmt.Errorf("prepare the warm checks of many routes: %w", err)
	}
	say("signing the certificates and registration requests of the cold checks")
	cold, err := few.cold()
	if err != nil {
		return fmt.Errorf("prepare the cold checks: %w", err)
	}
	say("measuring: check with 10,000 routes")
	if r.fewWait, r.manyWait, err = turns(ctx, side{few.gate, warm}, side{many.gate, warmOfMany}); err != nil {
		return err
	}
	for _, c := range []contest{
		{"warm bearer check", warmLeast, side{floor, warm}, side{few.gate, warm}},
		{"cold registration", coldLeast, side{floor, cold}, side{few.gate, cold}},
	} {
		say("measuring: " + c.name)
		found, err := c.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		r.results = append(r.results, found)
	}
	return nil
}
