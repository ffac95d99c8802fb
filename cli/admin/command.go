// Package admin is the administrator's side of the gateway: commands over routes files (validate, diff, render, schema,
// explain) and over running gates (status, history, rollback).
package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Commands are the commands, for the program's table.
func Commands() []cli.Command {
	return []cli.Command{
		{
			Name: "routes", Summary: "Validate, compare, explain and render routes.yaml; status, history and rollback of a gate", Details: exitCodes,
			Commands: []cli.Command{
				{
					Name: "validate", Operands: "FILE", Summary: "Say everything that is wrong with a file; 1 if it is refused", Details: exitCodes,
					Example: "dcr-gateway routes validate routes.yaml", Setup: command(validate, printed, validateFlags),
				},
				{
					Name: "diff", Operands: "OLD NEW", Summary: "Say what changes, and what protects less than before",
					Example: "dcr-gateway routes diff routes.yaml new.yaml", Setup: command(diff, printed),
				},
				{
					Name: "render", Operands: "FILE", Summary: "Write Envoy's configuration, or the file with every default spelt out",
					Example: "dcr-gateway routes render routes.yaml --gate unix:run/gate.sock > envoy.yaml\ndcr-gateway routes render --defaults routes.yaml",
					Setup:   command(render, renderFlags),
				},
				{
					Name: "schema", Summary: "Write the JSON Schema of the file, or of directory or profile files, for editors",
					Example: "dcr-gateway routes schema > routes.schema.json\ndcr-gateway routes schema --of profile > profile.schema.json",
					Setup:   command(schema, schemaFlags),
				},
				{
					Name: "explain", Operands: "METHOD URL", Summary: "Say what a request would meet, and why not something else",
					Example: "dcr-gateway routes explain GET https://bank.example/open-banking/v3.1/aisp/accounts", Setup: command(explain, printed, explainFlags),
				},
				{
					Name: "status", Summary: "Ask gates what they run on; 1 if one is not well",
					Example: "dcr-gateway routes status --gate unix:run/gate-admin.sock", Setup: command(status, printed, gateFlags),
				},
				{
					Name: "history", Summary: "Ask gates for the versions they keep",
					Example: "dcr-gateway routes history --gate unix:run/gate-admin.sock", Setup: command(history, printed, gateFlags),
				},
				{
					Name: "rollback", Operands: "N", Summary: "Make gates run on a version of their history until the file is saved again",
					Example: "dcr-gateway routes rollback 3 --gate unix:run/gate-admin.sock", Setup: command(rollback, printed, gateFlags),
				},
			},
		},
		{
			Name: "explain", Operands: "ID", Summary: "Say what was decided about one request, and why, by the logs",
			Details: "ID is the id of the decision, or the x-fapi-interaction-id that the TPP has seen.\nexit codes: 0 found, 1 not found, 2 wrong usage",
			Example: "dcr-gateway explain 3f6c2f0a-5b1e-4a52-8c41-0e6a1c1f9b10 --log gate.jsonl --log registry.jsonl",
			Setup:   command(explainDecision, printed, logFlags),
		},
	}
}

const exitCodes = "exit codes: 0 well, 1 refused or not well, 2 wrong usage"

// command makes a command of what runs and of its flags.
func command(run func(ctx context.Context, c *call) error, declare ...func(c *call, flags *flag.FlagSet)) func(*flag.FlagSet) cli.Run {
	return func(flags *flag.FlagSet) cli.Run {
		c := &call{}
		for _, flag := range declare {
			flag(c, flags)
		}
		return func(ctx context.Context, made cli.Call) error {
			c.Call = made
			return run(ctx, c)
		}
	}
}

// printed are the flags of a command whose answer is not a file.
func printed(c *call, flags *flag.FlagSet) { c.form.Add(flags) }

// refused ends the program after everything has been said.
var refused = cli.Exit{Code: 1}

// call is a command with its flags read.
type call struct {
	cli.Call

	form   cli.Form
	routes string // of explain
	envoy  string // of validate
	redis  string // of validate
	of     string // of schema
	render renderOptions
	gates  []string
	logs   []string // of explain ID
}

// print writes an answer: itself as JSON, or as the text that it is for people.
func (c *call) print(answer interface{ text() string }) error {
	return c.form.Print(c.Stdout, answer, answer.text)
}

// load reads routes.yaml with all that it includes. Where it is refused its problems are printed, and the error is final.
func (c *call) load(path string) (*config.Version, error) {
	version, err := config.Read(path)
	if err == nil {
		return version, nil
	}
	return nil, c.refuse(path, err)
}

// refuse prints why a file is refused.
func (c *call) refuse(path string, cause error) error {
	var problems yamlfile.Problems
	if !errors.As(cause, &problems) {
		return cli.Exit{Code: 1, Text: cause.Error()}
	}
	fmt.Fprint(c.Stderr, problemText(problems))
	return cli.Exit{Code: 1, Text: path + " is refused"}
}

// problemText prints problems, each with the line that it is about.
func problemText(problems yamlfile.Problems) string {
	var text strings.Builder
	for _, problem := range problems {
		text.WriteString(problem.Error() + "\n")
	}
	return text.String()
}

// schemas are the JSON Schemas of the files that administrators write.
var schemas = map[string]func() []byte{"routes": routes.Schema, "directory": directory.Schema, "profile": profile.Schema}

func schemaFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.of, "of", "routes", "`KIND` of file: routes, directory or profile")
}

// schema writes the JSON Schema of a kind of file.
func schema(_ context.Context, c *call) error {
	write := schemas[c.of]
	if write == nil {
		return cli.Exit{Code: 2, Text: fmt.Sprintf("--of is %q, and must be routes, directory or profile", c.of)}
	}
	_, err := c.Stdout.Write(write())
	return err
}
