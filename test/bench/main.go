// Command bench measures the gate as Envoy meets it: checks a second over a Unix socket, in a whole world of real
// processes on this machine. A number of checks a second says more about the machine than about the gate, so each is
// given as a ratio to a floor: a server that allows everything, asked the same in the same run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// What is required of the gate and the registry.
const (
	warmLeast  = 0.4 // of the floor
	coldLeast  = 0.2
	memoryMost = 60.0 // MiB of each
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	if len(arguments) == 2 && arguments[0] == floorCommand {
		return serveFloor(arguments[1], os.Stdin)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	check := flags.Bool("check", false, "fail when a requirement is missed")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	say := func(line string) { _, _ = fmt.Fprintln(stderr, "bench: "+line) }
	report, err := measure(ctx, say)
	if err != nil {
		return err
	}
	if err := report.print(stdout); err != nil || !*check {
		return err
	}
	return report.missed()
}

// A report is all that one run has found.
type report struct {
	results []result
	memory  []memory
}

type memory struct {
	part string
	mib  float64
}

// measure makes a world, measures it and takes it down.
func measure(ctx context.Context, say func(string)) (found *report, err error) {
	b, err := openBench(ctx, say)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	warm, err := b.warm(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare the warm checks: %w", err)
	}
	say("signing the certificates and registration requests of the cold checks")
	cold, err := b.cold()
	if err != nil {
		return nil, fmt.Errorf("prepare the cold checks: %w", err)
	}
	found = new(report)
	for _, c := range []contest{{"warm bearer check", warmLeast, warm}, {"cold registration", coldLeast, cold}} {
		say("measuring: " + c.name)
		result, err := c.run(ctx, b.floor, b.gate)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		found.results = append(found.results, result)
	}
	for _, part := range []string{"gate", "registry"} {
		mib, err := resident(ctx, b.world.File.Processes[part].PID)
		if err != nil {
			return nil, fmt.Errorf("memory of the %s: %w", part, err)
		}
		found.memory = append(found.memory, memory{part, mib})
	}
	return found, nil
}

// print writes a table for people. Ratios are of rounds next to each other, rates the medians of all rounds.
func (r *report) print(w io.Writer) error {
	const row = "%-24s %9s %9s %14s %9s %9s %9s\n"
	micros := func(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) + " us" }
	rate := func(rate float64) string { return strconv.FormatFloat(rate, 'f', 0, 64) }
	text := fmt.Sprintf(row, "case", "checks/s", "of floor", "least to most", "required", "p50", "p99")
	for _, m := range r.results {
		text += fmt.Sprintf(row, "floor, same requests", rate(m.floor.rate), "1.00", "", "", micros(m.floor.p50), micros(m.floor.p99))
		text += fmt.Sprintf(row, m.name, rate(m.gate.rate), fmt.Sprintf("%.2f", m.ratio), fmt.Sprintf("%.2f to %.2f", m.least, m.most),
			fmt.Sprintf("%.2f", m.required), micros(m.gate.p50), micros(m.gate.p99))
	}
	for _, m := range r.memory {
		text += fmt.Sprintf("%-24s %9s   less than %.0f MiB required\n", m.part+", resident", fmt.Sprintf("%.1f MiB", m.mib), memoryMost)
	}
	_, err := fmt.Fprintf(w, "%s%d cores for callers, gate, floor and Redis; rates with %d callers, medians of %d rounds; p50 and p99 with one caller\n",
		text, runtime.NumCPU(), callers, rounds)
	return err
}

// missed names every requirement that was not met.
func (r *report) missed() error {
	var missed []error
	for _, m := range r.results {
		if m.ratio < m.required {
			missed = append(missed, fmt.Errorf("%s: %.2f of the floor, and %.2f is required", m.name, m.ratio, m.required))
		}
	}
	for _, m := range r.memory {
		if m.mib >= memoryMost {
			missed = append(missed, fmt.Errorf("the %s holds %.1f MiB, and less than %.0f is required", m.part, m.mib, memoryMost))
		}
	}
	return errors.Join(missed...)
}
