// Package admin holds the commands for administrators: over routes files (validate, diff, render, schema, explain), over
// running gates (status, history, rollback) and over logs (explain ID). Commands for TPP developers are in package desk.
package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Commands returns the package's commands.
func Commands() []cli.Command {
	return []cli.Command{
		{
			Name: "routes", Summary: "Validate, compare, explain and render routes.yaml; status, history and rollback of a gate", Details: exitCodes,
			Commands: []cli.Command{
				{
					Name: "validate", Operands: "FILE", Summary: "Report every problem of a file; 1 if it is refused", Details: exitCodes,
					Example: "dcr-gateway routes validate routes.yaml", Setup: command(validate, printed, validateFlags),
				},
				{
					Name: "diff", Operands: "OLD NEW", Summary: "Show what changes, and what is less protected than before",
					Details: "Directories, profiles and CAs that the files include are compared too. An exclamation mark precedes what is less protected.\n" + exitCodes,
					Example: "dcr-gateway routes diff --fail-on-weaker routes.yaml new.yaml", Setup: command(diff, printed, diffFlags),
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
					Name: "explain", Operands: "METHOD URL", Summary: "Explain which route a request matches, and why no other does",
					Details: "exit codes: 0 a route matches, 1 none does, 2 wrong usage or an unreadable file",
					Example: "dcr-gateway routes explain GET https://bank.example/open-banking/v3.1/aisp/accounts", Setup: command(explain, printed, explainFlags),
				},
				{
					Name: "status", Summary: "Show which version gates run on; 1 if one is unhealthy",
					Example: "dcr-gateway routes status --gate unix:run/gate-admin.sock", Setup: command(status, printed, gateFlags),
				},
				{
					Name: "history", Summary: "List the versions that gates keep",
					Example: "dcr-gateway routes history --gate unix:run/gate-admin.sock", Setup: command(history, printed, gateFlags),
				},
				{
					Name: "rollback", Operands: "N", Summary: "Roll gates back to a version of their history, until the file is saved again",
					Example: "dcr-gateway routes rollback 3 --gate unix:run/gate-admin.sock", Setup: command(rollback, printed, gateFlags),
				},
			},
		},
		{
			Name: "explain", Operands: "ID", Summary: "Explain from the logs what was decided about one request, and why",
			Details: "ID is the id of the decision, the x-fapi-interaction-id that the TPP has seen, or the id of a trace.\nexit codes: 0 found, 1 not found, 2 wrong usage",
			Example: "dcr-gateway explain 3f6c2f0a-5b1e-4a52-8c41-0e6a1c1f9b10 --log gate.jsonl --log registry.jsonl",
			Setup:   command(explainDecision, printed, logFlags),
		},
	}
}

const exitCodes = "exit codes: 0 ok, 1 refused or unhealthy, 2 wrong usage or an unreadable file"

// command makes a command's Setup from its function and flags.
func command(run func(ctx context.Context, c *call) error, declare ...func(c *call, flags *flag.FlagSet)) func(*flag.FlagSet) cli.Run {
	return func(flags *flag.FlagSet) cli.Run {
		c := &call{}
		for _, flag := range declare {
			flag(c, flags)
		}
		return func(ctx context.Context, made cli.Call) error {
			c.Call = made
			err := run(ctx, c)
			if _, chosen := errors.AsType[cli.Exit](err); err == nil || chosen {
				return err
			}
			return cli.Exit{Code: codeOf(err), Text: err.Error()}
		}
	}
}

// codeOf is the exit code of an error that chooses none: that of wrong usage if a file cannot be opened.
func codeOf(err error) int {
	if failed, ok := errors.AsType[*fs.PathError](err); ok && failed.Op == "open" {
		return cli.Wrong
	}
	return cli.Failed
}

// printed declares the flags of a command that prints an answer rather than a file.
func printed(c *call, flags *flag.FlagSet) { c.form.Add(flags) }

// refused ends the program with exit code 1 and prints nothing more.
var refused = cli.Exit{Code: 1}

// call is a command with its flags parsed.
type call struct {
	cli.Call

	form   cli.Form
	routes string // of explain
	envoy  string // of validate
	redis  string // of validate
	of     string // of schema
	render renderOptions
	gates  []socket.Local
	logs   []string // of explain ID

	failOnWeaker bool // of diff
}

// print writes an answer as JSON or as text.
func (c *call) print(answer interface{ text() string }) error {
	return c.form.Print(c.Stdout, answer, answer.text)
}

// load reads routes.yaml and all that it includes. If it is refused, load prints the problems and the error adds nothing.
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
		return cause
	}
	fmt.Fprint(c.Stderr, problemText(problems))
	return cli.Exit{Code: 1, Text: path + " is refused"}
}

// problemText returns problems, each with its line of the file.
func problemText(problems yamlfile.Problems) string {
	var text strings.Builder
	for _, problem := range problems {
		text.WriteString(problem.Error() + "\n")
	}
	return text.String()
}

func schemaFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.of, "of", "routes", "`KIND` of file: routes, directory or profile")
}

// schema writes the JSON Schema of one kind of file.
func schema(_ context.Context, c *call) error {
	text := config.Schema(c.of)
	if text == nil {
		return cli.Exit{Code: 2, Text: fmt.Sprintf("--of is %q, and must be routes, directory or profile", c.of)}
	}
	_, err := c.Stdout.Write(text)
	return err
}
