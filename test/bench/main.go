// Command bench measures the gateway in whole worlds of real processes on this machine: checks per second over the gate's
// socket, the time from saving routes.yaml until Envoy enforces it, and memory. Checks per second say more about the machine
// than about the gate, so each is also given relative to a floor: a server that allows everything, measured in the same run.
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
	b, err := openBench(ctx, func(line string) { _, _ = fmt.Fprintln(stderr, "bench: "+line) })
	if err != nil {
		return err
	}
	if err := errors.Join(b.measure(ctx), b.close()); err != nil {
		return err
	}
	return errors.Join(b.print(stdout), b.missed())
}

// measure runs all measurements. Saves come first, while nothing else runs.
func (b *bench) measure(ctx context.Context) error {
	b.say("starting a world")
	many, err := b.site(ctx)
	if err != nil {
		return err
	}
	if err := b.reload(ctx, many.world); err != nil {
		return err
	}
	if err := many.refresh(ctx); err != nil {
		return err
	}
	b.say("starting another world")
	few, err := b.site(ctx)
	if err != nil {
		return err
	}
	floor, err := b.floor()
	if err != nil {
		return err
	}
	if err := b.warm(ctx, floor, few, many); err != nil {
		return fmt.Errorf("warm checks: %w", err)
	}
	if err := b.cold(ctx, floor, few); err != nil {
		return fmt.Errorf("cold checks: %w", err)
	}
	gate, gateErr := memoryOf(few.world, harness.Gate, "", gateMost)
	registry, registryErr := memoryOf(few.world, harness.Registry, "", registryMost)
	b.memory = []demand{gate, registry}
	return errors.Join(gateErr, registryErr)
}

// warm measures calls with one token: at a gate with few routes against one with many, and against the floor.
func (b *bench) warm(ctx context.Context, floor server, few, many *site) error {
	call, err := few.warm(ctx)
	if err != nil {
		return err
	}
	callOfMany, err := many.warm(ctx)
	if err != nil {
		return err
	}
	gate := &side{server: few.gate, source: call}
	if err := b.compare(ctx, pair{
		what: "check", few: "few routes", many: "10,000 routes", most: scaleMost,
		sides: [2]*side{gate, {server: many.gate, source: callOfMany}},
	}); err != nil {
		return err
	}
	return b.contest(ctx, contest{name: "warm bearer check", least: warmLeast, floor: &side{server: floor, source: call}, gate: gate})
}

// cold measures registrations, for which the gate has nothing cached: with one profile and one directory against gates with
// more of both, and against the floor.
func (b *bench) cold(ctx context.Context, floor server, few *site) error {
	if err := few.trust(ctx, 1); err != nil {
		return err
	}
	b.say("signing the certificates and registration requests of the cold checks")
	registration, err := few.cold()
	if err != nil {
		return err
	}
	gate := &side{server: few.gate, source: registration}
	for _, directories := range []int{2, 50} {
		many := fmt.Sprintf("7 profiles and %d directories", directories)
		b.say("starting a world of " + many)
		wide, err := b.site(ctx)
		if err != nil {
			return err
		}
		if err := wide.trust(ctx, directories); err != nil {
			return err
		}
		there, err := wide.cold()
		if err != nil {
			return err
		}
		if err := b.compare(ctx, pair{
			what: "registration", few: "one of each", many: many, most: directoriesMost,
			sides: [2]*side{gate, {server: wide.gate, source: there}},
		}); err != nil {
			return err
		}
	}
	return b.contest(ctx, contest{name: "cold registration", least: coldLeast, floor: &side{server: floor, source: registration}, gate: gate})
}

func (b *bench) contest(ctx context.Context, c contest) error {
	b.say("measuring: " + c.name)
	err := c.run(ctx)
	b.contests = append(b.contests, c)
	return err
}

func (b *bench) compare(ctx context.Context, p pair) error {
	b.say("measuring: " + p.what + " with " + p.many)
	err := p.run(ctx)
	b.pairs = append(b.pairs, p)
	return err
}
