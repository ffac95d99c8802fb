package admin

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

func logFlags(c *call, flags *flag.FlagSet) {
	flags.Func("log", "`FILE` of a gate's or a registry's log; once for each (default gate.jsonl and registry.jsonl)", cli.Each(&c.logs))
}

// explainDecision prints what a gate and a registry logged about one request.
func explainDecision(_ context.Context, c *call) error {
	logs := c.logs
	if logs == nil {
		logs = []string{"gate.jsonl", "registry.jsonl"}
	}
	found := []decision.Entry{}
	for _, log := range logs {
		entries, err := decision.Find(log, c.Operands[0])
		if err != nil {
			return err
		}
		found = append(found, entries...)
	}
	if len(found) == 0 {
		return cli.Exit{Code: 1, Text: "no decision in these logs has that id"}
	}
	return c.form.Print(c.Stdout, found, func() string { return decisionsText(found) })
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
	line("by", fmt.Sprintf("the %s, in %d us, under version %s of the routes", e.Part, e.TookMicros, config.Short(e.Version)))
	line("decision", e.ID)
	line("interaction", e.Interaction)
	line("trace", e.TraceID)
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
