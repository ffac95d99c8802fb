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
		return serveFloor(arguments[1])
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

// contests measures the gate of a world with few routes against the floor, and against gates that have more to look
// through.
func (r *report) contests(ctx context.Context, b *bench, few, many *site, say func(string)) error {
	floor, err := b.floor()
	if err != nil {
		return err
	}
	if err := r.warm(ctx, floor, few, many, say); err != nil {
		return fmt.Errorf("warm checks: %w", err)
	}
	if err := r.cold(ctx, b, floor, few, say); err != nil {
		return fmt.Errorf("cold checks: %w", err)
	}
	return nil
}

func (r *report) warm(ctx context.Context, floor *server, few, many *site, say func(string)) error {
	warm, err := few.warm(ctx)
	if err != nil {
		return err
	}
	warmOfMany, err := many.warm(ctx)
	if err != nil {
		return err
	}
	if err := r.compare(ctx, say, pair{
		what: "check", few: "few routes", many: "10,000 routes", most: scaleMost,
		sides: [2]side{{few.gate, warm}, {many.gate, warmOfMany}},
	}); err != nil {
		return err
	}
	return r.contest(ctx, say, contest{"warm bearer check", warmLeast, side{floor, warm}, side{few.gate, warm}})
}

func (r *report) cold(ctx context.Context, b *bench, floor *server, few *site, say func(string)) error {
	if err := few.trust(ctx, 1); err != nil {
		return err
	}
	say("signing the certificates and registration requests of the cold checks")
	cold, err := few.cold()
	if err != nil {
		return err
	}
	for _, other := range []struct {
		directories int
		what        string
	}{{2, "7 profiles and 2 directories"}, {50, "7 profiles and 50 directories"}} {
		if err := r.among(ctx, b, other.directories, pair{
			what: "registration", few: "one of each", many: other.what, most: directoriesMost, sides: [2]side{{few.gate, cold}},
		}, say); err != nil {
			return err
		}
	}
	return r.contest(ctx, say, contest{"cold registration", coldLeast, side{floor, cold}, side{few.gate, cold}})
}

// among measures a registration at a gate that trusts so many directories, against the pair's first side.
func (r *report) among(ctx context.Context, b *bench, directories int, p pair, say func(string)) error {
	say("starting a world of " + p.many)
	wide, err := b.site(ctx)
	if err == nil {
		err = wide.trust(ctx, directories)
	}
	if err != nil {
		return err
	}
	cold, err := wide.cold()
	if err != nil {
		return err
	}
	p.sides[1] = side{wide.gate, cold}
	return r.compare(ctx, say, p)
}

func (r *report) contest(ctx context.Context, say func(string), c contest) error {
	say("measuring: " + c.name)
	found, err := c.run(ctx)
	r.results = append(r.results, found)
	return err
}

func (r *report) compare(ctx context.Context, say func(string), p pair) error {
	say("measuring: " + p.what + " with " + p.many)
	err := p.run(ctx)
	r.pairs = append(r.pairs, p)
	return err
}
