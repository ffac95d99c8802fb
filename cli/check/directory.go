// Package check has the commands about the outside world that the processes will meet, before they are started.
package check

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/cli/egress"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Commands returns the package's commands.
func Commands() []cli.Command { return []cli.Command{Directory(), egress.Command()} }

// Directory is the command about directories.
func Directory() cli.Command {
	return cli.Command{
		Name: "directory", Summary: "Check that the keys of a directory can be fetched",
		Commands: []cli.Command{{
			Name: "check", Operands: "FILE", Summary: "Fetch the keys of a directory file as a gate would",
			Details: "exit codes: 0 ok, 1 no statement of the directory can be verified, 2 wrong usage or an unreadable file",
			Example: "dcr-gateway directory check uk.yaml",
			Setup: func(flags *flag.FlagSet) cli.Run {
				var form cli.Form
				form.Add(flags)
				return func(ctx context.Context, call cli.Call) error { return checkDirectory(ctx, call, form) }
			},
		}},
	}
}

// checkTime is how long the server of a directory may take.
const checkTime = 10 * time.Second

// checked is what a gate on this machine would have of a directory.
type checked struct {
	Directory string `json:"directory"`
	JWKS      string `json:"jwks"`
	Keys      int    `json:"keys"`          // in the set that verifies statements
	Usable    int    `json:"usable"`        // of these, for signatures
	Why       string `json:"why,omitempty"` // why no statement can be verified; "" if they can
}

func (c *checked) text() string {
	text := fmt.Sprintf("%s: %d keys, %d of them for signatures, at %s\n", c.Directory, c.Keys, c.Usable, c.JWKS)
	if c.Why != "" {
		text = fmt.Sprintf("%s: NO STATEMENT CAN BE VERIFIED with the keys at %s: %s\n", c.Directory, c.JWKS, c.Why)
	}
	return text
}

// checkDirectory fetches the keys of a directory as a gate does when it starts.
func checkDirectory(ctx context.Context, call cli.Call, form cli.Form) error {
	d, err := directory.Load(call.Operands[0])
	if problems, ok := errors.AsType[yamlfile.Problems](err); ok {
		return cli.Exit{Code: 1, Text: problems.Error()}
	} else if err != nil {
		return cli.Exit{Code: 2, Text: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	used := trust.Directory{Directory: d.Directory, Keys: jwks.New(d.Client(), time.Now, 0)}
	set, err := used.StatementKeys(ctx)
	found := checked{Directory: d.Name, JWKS: d.JWKS, Keys: set.Members, Usable: len(set.Signing)}
	if err != nil {
		found.Why = strings.ReplaceAll(err.Error(), "\n", " ")
	}
	if err := form.Print(call.Stdout, &found, found.text); err != nil || found.Why == "" {
		return err
	}
	return cli.Exit{Code: 1}
}
