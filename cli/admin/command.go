// Package admin is the administrator's side of the gateway: commands over routes files (validate, diff, render, schema,
// explain) and over running gates (status, history, rollback).
package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/control"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// A Command is one verb.
type Command struct {
	Name, Operands, Summary string
	run                     func(ctx context.Context, c *call) error
	flags                   func(c *call)
}

// Commands lists the verbs.
func Commands() []Command {
	return []Command{
		{"validate", "FILE", "say everything that is wrong with a file; 1 if it is refused", validate, validateFlags},
		{"diff", "OLD NEW", "say what changes, and what protects less than before", diff, nil},
		{"render", "FILE", "write Envoy's configuration, or the file with every default spelt out", render, renderFlags},
		{"schema", "", "write the JSON Schema of the file, for editors", schema, nil},
		{"explain", "METHOD URL", "say what a request would meet, and why not something else", explain, explainFlags},
		{"status", "", "ask gates what they run on; 1 if one is not well", status, gateFlags},
		{"history", "", "ask gates for the versions they keep", history, gateFlags},
		{"rollback", "N", "make gates run on a version of their history until the file is saved again", rollback, gateFlags},
	}
}

// Run runs a verb. It returns nil, or an error with an ExitCode: 1 where a file is refused or a gate is not well, 2 where
// the command was called wrongly. What its Error says is still to be printed.
func Run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	if len(arguments) > 0 {
		for _, command := range Commands() {
			if command.Name == arguments[0] {
				return command.call(ctx, arguments[1:], stdout, stderr)
			}
		}
		if arguments[0] == "-h" || arguments[0] == "--help" {
			fmt.Fprintln(stderr, usage())
			return flag.ErrHelp
		}
	}
	return cli.Exit{Code: 2, Text: usage()}
}

func usage() string {
	var text strings.Builder
	text.WriteString("usage: dcr-gateway routes VERB [flags]; dcr-gateway routes VERB -h explains one")
	for _, command := range Commands() {
		fmt.Fprintf(&text, "\n  %-21s %s", strings.TrimSpace(command.Name+" "+command.Operands), command.Summary)
	}
	text.WriteString("\nexit codes: 0 well, 1 refused or not well, 2 wrong usage")
	return text.String()
}

// refused ends the program after everything has been said.
var refused = cli.Exit{Code: 1}

// call is a verb with its arguments read.
type call struct {
	flags          *flag.FlagSet
	operands       []string
	stdout, stderr io.Writer

	form   cli.Form
	routes string // of explain
	envoy  string // of validate
	render renderOptions
	gates  []string
}

func (c Command) call(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	this := &call{flags: flag.NewFlagSet("routes "+c.Name, flag.ContinueOnError), stdout: stdout, stderr: stderr}
	this.flags.SetOutput(stderr)
	this.flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: dcr-gateway routes %s\n%s\n", strings.Join(strings.Fields(c.Name+" [flags] "+c.Operands), " "), c.Summary)
		this.flags.PrintDefaults()
	}
	if c.Name != "render" && c.Name != "schema" { // what they write is a file
		this.form.Add(this.flags)
	}
	if c.flags != nil {
		c.flags(this)
	}
	var err error
	if this.operands, err = cli.Parse(this.flags, arguments, len(strings.Fields(c.Operands))); err != nil {
		return err
	}
	return c.run(ctx, this)
}

// print writes an answer: itself as JSON, or as the text that it is for people.
func (c *call) print(answer interface{ text() string }) error {
	return c.form.Print(c.stdout, answer, answer.text)
}

// load reads routes.yaml with all that it includes. Where it is refused its problems are printed, and the error is final.
func (c *call) load(path string) (*control.Config, error) {
	config, err := control.Read(path)
	if err == nil {
		return config, nil
	}
	return nil, c.refuse(path, err)
}

// refuse prints why a file is refused.
func (c *call) refuse(path string, cause error) error {
	var problems routes.Problems
	if !errors.As(cause, &problems) {
		return cli.Exit{Code: 1, Text: cause.Error()}
	}
	fmt.Fprint(c.stderr, problemText(problems))
	return cli.Exit{Code: 1, Text: path + " is refused"}
}

// problemText prints problems, each with the line that it is about.
func problemText(problems routes.Problems) string {
	var text strings.Builder
	for _, problem := range problems {
		text.WriteString(problem.Error() + "\n")
	}
	return text.String()
}

// schema writes the JSON Schema of routes.yaml.
func schema(_ context.Context, c *call) error {
	_, err := c.stdout.Write(routes.Schema())
	return err
}
