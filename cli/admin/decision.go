package admin

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// Decision runs `explain`: what a gate and a registry decided about one request, by their logs.
func Decision(_ context.Context, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var logs []string
	flags.Func("log", "`FILE` of a gate's or a registry's log; once for each (default gate.jsonl and registry.jsonl)", cli.Each(&logs))
	var form cli.Form
	form.Add(flags)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: dcr-gateway explain [flags] ID\nsay what was decided about a request, by the id of the decision or by its x-fapi-interaction-id\n"+
			"exit codes: 0 found, 1 not found, 2 wrong usage")
		flags.PrintDefaults()
	}
	operands, err := cli.Parse(flags, arguments, 1)
	if err != nil {
		return err
	}
	if logs == nil {
		logs = []string{"gate.jsonl", "registry.jsonl"}
	}
	found := []decision.Entry{}
	for _, log := range logs {
		entries, err := decision.Find(log, operands[0])
		if err != nil {
			return err
		}
		found = append(found, entries...)
	}
	if len(found) == 0 {
		return cli.Exit{Code: 1, Text: "no decision in these logs has that id"}
	}
	return form.Print(stdout, found, func() string { return decisionsText(found) })
}

func decisionsText(found []decision.Entry) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i := range found {
		printDecision(table, &found[i])
	}
	_ = table.Flush() // into memory
	return text.String()
}

func printDecision(w io.Writer, e *decision.Entry) {
	fmt.Fprintf(w, "%s: %s %s, %s, %d %s\n", e.Time.Format(time.RFC3339Nano), e.Method, e.Route, e.Outcome, e.Status, e.Code)
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %s\t%s\n", key, value)
		}
	}
	line("by", fmt.Sprintf("the %s, in %d us, under version %s of the routes", e.Part, e.TookMicros, e.Version))
	line("decision", e.ID)
	line("interaction", e.Interaction)
	steps := e.Steps()
	for i, step := range steps {
		verdict := "passed"
		if i == len(steps)-1 && e.Outcome != decision.Allowed {
			verdict = strings.ToUpper(e.Outcome)
		}
		line("check "+step.Check, fmt.Sprintf("%s, %d us", verdict, step.Took.Microseconds()))
	}
	for finding := range strings.SplitSeq(e.Findings, ", ") {
		line("finding", finding)
	}
	line("client", e.Client)
	line("software", e.Software)
	line("organisation", e.Org)
	line("certificate", e.Certificate)
	line("cause", e.Cause)
}
