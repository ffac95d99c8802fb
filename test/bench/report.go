package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A report is the result of one run.
type report struct {
	reloads  []reload
	pairs    []pair
	contests []contest
	memory   []demand // of the parts of the world that was asked all this
}

// print writes tables for people.
func (r *report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	row := func(format string, a ...any) { _, _ = fmt.Fprintf(table, format+"\n", a...) } // Flush tells of a failure
	row("checks\ta second\tratio\tleast to most\tp50\tp99")
	for _, m := range r.contests {
		row("floor, same requests\t%.0f\t1\t\t%s\t%s", m.floorFound.rate, micros(m.floorFound.p50), micros(m.floorFound.p99))
		row("%s\t%.0f\t%.2f\t%.2f to %.2f\t%s\t%s", m.name, m.gateFound.rate, m.ratio, m.lowest, m.highest, micros(m.gateFound.p50), micros(m.gateFound.p99))
	}
	for _, p := range r.pairs {
		row("%s, %s, in turns\t\t1\t\t%.0f us", p.what, p.few, p.waits[0])
		row("%s, %s, in turns\t\t%.2f\t\t%.0f us", p.what, p.many, p.ratio(), p.waits[1])
	}
	row("\nreload\tenforced\tleast to most\tgate reads\tgate and Envoy take\t")
	for _, m := range r.reloads {
		row("%d routes\t%s\t%s to %s\t%s\t%s", m.routes, millis(m.median()), millis(m.enforced[0]), millis(m.enforced[len(m.enforced)-1]),
			millis(m.read), millis(m.publish))
	}
	row("\nrequired\tfound\tbound\t")
	for _, d := range r.demands() {
		row("%s\t%s\t%s\t%s", d.what, d.found, d.bound, d.verdict())
	}
	row("\n%d cores for all that runs here. Rates with %d callers, medians of %d rounds; p50 and p99 with one caller.", runtime.NumCPU(), callers, rounds)
	return table.Flush()
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) + " us" }
func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + " ms" }

// A demand is a requirement with the value found.
type demand struct {
	what, found, bound string
	met                bool
}

func (d demand) verdict() string {
	if d.met {
		return "ok"
	}
	return "MISSED"
}

func atLeast(what string, found, bound float64) demand {
	return demand{what, fmt.Sprintf("%.2f", found), fmt.Sprintf("at least %.2f", bound), found >= bound}
}

func atMost(what string, found, bound float64) demand {
	return demand{what, fmt.Sprintf("%.2f", found), fmt.Sprintf("at most %.2f", bound), found <= bound}
}

// What is required of the gate and the registry.
const (
	warmLeast = 0.4  // of the floor
	coldLeast = 0.17 // found are 0.19 to 0.21; most of it is RSA
	scaleMost = 1.1  // times the time of a check with few routes

	directoriesMost = 1.05 // times the time of a registration with one directory

	// MiB after all checks. Of the gate's, some 30 are the program itself.
	gateMost     = 85
	registryMost = 60

	// growthMost is how much longer a route may take among ten thousand than among one thousand: nothing is compared with
	// everything else.
	growthMost = 1.5
)

func (r *report) demands() []demand {
	var all []demand
	for _, m := range r.contests {
		all = append(all, atLeast(m.name+", rate to the floor's", m.ratio, m.least))
	}
	for _, p := range r.pairs {
		all = append(all, atMost(p.what+" with "+p.many+", time to that with "+p.few, p.ratio(), p.most))
	}
	for _, m := range r.reloads {
		if m.most > 0 {
			all = append(all, demand{fmt.Sprintf("reload of %d routes", m.routes), millis(m.median()), "at most " + millis(m.most), m.median() <= m.most})
		}
	}
	if last := len(r.reloads) - 1; last > 0 {
		all = append(all, atMost("reload, a route's time of 10,000 to one of 1,000", r.reloads[last].each()/r.reloads[last-1].each(), growthMost))
	}
	all = append(all, r.memory...)
	for _, m := range r.reloads {
		all = append(all, m.memory...)
	}
	return all
}

// missed returns every requirement that was not met.
func (r *report) missed() error {
	var missed []error
	for _, d := range r.demands() {
		if !d.met {
			missed = append(missed, fmt.Errorf("%s: found %s, required %s", d.what, d.found, d.bound))
		}
	}
	return errors.Join(missed...)
}

// memoryOf returns the resident memory of a part. It is known only on Linux; elsewhere it counts as 0.
func memoryOf(w *harness.World, part, when string, most int64) (demand, error) {
	var found int64 // MiB
	if runtime.GOOS == "linux" {
		bytes, err := w.Resident(part)
		if err != nil {
			return demand{}, fmt.Errorf("memory of the %s: %w", part, err)
		}
		found = bytes >> 20
	}
	return demand{
		what: "memory of the " + part + when, found: fmt.Sprintf("%d MiB", found), bound: fmt.Sprintf("at most %d MiB", most), met: found <= most,
	}, nil
}
