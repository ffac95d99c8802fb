// Package desk is what a TPP's developer has on his own machine: commands that show and check names, software statements
// and registration requests by the gate's own code, without a network. Production has them too.
package desk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Commands are the commands, for the program's table.
func Commands() []cli.Command {
	return []cli.Command{
		{
			Name: "dn", Summary: "Show and compare distinguished names as the gate does", Details: exitCodes,
			Commands: []cli.Command{
				{
					Name: "show", Operands: "DN|CERT.pem", Summary: "Say what a distinguished name, or the subject of a certificate, is to the gate",
					Details: exitCodes, Example: "dcr-gateway dn show transport.pem\ndcr-gateway dn show 'CN=abc,OU=def,O=OpenBanking,C=GB'",
					Setup: command(nil, showName),
				},
				{
					Name: "compare", Operands: "A B", Summary: "Say whether two names, or subjects of certificates, are the same to the gate, and if not why",
					Details: exitCodes, Example: "dcr-gateway dn compare transport.pem 'CN=abc,OU=def,O=OpenBanking,C=GB'",
					Setup: command(nil, compareNames),
				},
			},
		},
		{
			Name: "ssa", Summary: "Decode a software statement, and say what its directory makes of it", Details: exitCodes,
			Commands: []cli.Command{{
				Name: "show", Operands: "FILE", Summary: "Decode a software statement, and say what the directory that issued it makes of it",
				Details: exitCodes, Example: "dcr-gateway ssa show ssa.jwt\ndcr-gateway ssa show --jwks directory.jwks ssa.jwt",
				Setup: command(statementFlags, showStatement),
			}},
		},
		{
			Name: "lint", Operands: "REQUEST", Summary: "Check a registration request by the gate's own steps, as far as the files given allow",
			Details: "REQUEST is a compact JWS, or a JSON file of claims that is not signed yet. Nothing is fetched from a network.\n" + exitCodes,
			Example: "dcr-gateway lint claims.json --ssa ssa.jwt\ndcr-gateway lint request.jwt --cert transport.pem --jwks directory.jwks --audience BANK-ID",
			Setup:   command(lintFlags, lint),
		},
	}
}

const exitCodes = "exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage or a file that cannot be read"

// command makes a command of its flags and of what runs with them.
func command(declare func(c *call, flags *flag.FlagSet), run func(ctx context.Context, c *call) error) func(*flag.FlagSet) cli.Run {
	return func(flags *flag.FlagSet) cli.Run {
		c := &call{at: moment{time.Now()}}
		c.form.Add(flags)
		if declare != nil {
			declare(c, flags)
		}
		return func(ctx context.Context, made cli.Call) error {
			c.Call = made
			return run(ctx, c)
		}
	}
}

// found ends the program after what is wrong has been said.
var found = cli.Exit{Code: 1}

// unusable is the end for what cannot be read at all.
func unusable(format string, arguments ...any) error {
	return cli.Exit{Code: 2, Text: fmt.Errorf(format, arguments...).Error()}
}

// call is a verb with its arguments read.
type call struct {
	cli.Call

	form         cli.Form
	at           moment
	directory    string // name of one that is shipped, or a file
	jwks         string // file: the directory's key set
	statement    string // file
	certificate  string // file
	profile      string // name of one that is shipped, or a file
	softwareJWKS string // file
	audiences    []string
}

// statementFlags say by what, and for when, a statement is checked.
func statementFlags(c *call, flags *flag.FlagSet) {
	flags.Var(&c.at, "at", "the `TIME` to check for, as 2026-11-21T12:00:00Z (default now)")
	flags.StringVar(&c.directory, "directory", "", "`NAME` of a shipped directory, or a directory's file (default the shipped one whose issuer the statement names)")
	flags.StringVar(&c.jwks, "jwks", "", "`FILE` with the directory's key set, to verify the statement's signature")
}

// print writes an answer: itself as JSON, or as the text that it is for people.
func (c *call) print(answer interface{ text() string }) error {
	return c.form.Print(c.Stdout, answer, answer.text)
}

// maxFile bounds what is read: the largest thing that anybody has here is a key set.
const maxFile = 1 << 20

// read reads a file, standard input where its name is a hyphen.
func read(path string) (text []byte, err error) {
	if path == "-" {
		text, err = bounded.Read(os.Stdin, path, maxFile)
	} else {
		text, err = bounded.ReadFile(path, maxFile)
	}
	if err != nil {
		return nil, unusable("%w", err)
	}
	return text, nil
}

// moment is the flag of a time: now, where it is not given.
type moment struct{ time.Time }

// Set implements flag.Value.
func (m *moment) Set(text string) (err error) {
	if m.Time, err = time.Parse(time.RFC3339, text); err != nil {
		return errors.New("want a time as 2026-11-21T12:00:00Z")
	}
	return nil
}

func (m *moment) String() string { return "" } // as a default: there is none to show
