// Package desk holds the commands for TPP developers that work offline: they show and check distinguished names, software
// statements and registration requests with the gate's own code. Commands that need a bank are in conform and tpp.
package desk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// Commands returns the package's commands.
func Commands() []cli.Command {
	return []cli.Command{
		{
			Name: "dn", Summary: "Show and compare distinguished names as the gate does", Details: exitCodes,
			Commands: []cli.Command{
				{
					Name: "show", Operands: "DN|CERT.pem", Summary: "Show how the gate reads a distinguished name, or the subject of a certificate",
					Details: exitCodes, Example: "dcr-gateway dn show transport.pem\ndcr-gateway dn show 'CN=abc,OU=def,O=OpenBanking,C=GB'",
					Setup: command(nil, showName),
				},
				{
					Name: "compare", Operands: "A B", Summary: "Compare two names, or subjects of certificates, as the gate does, and explain differences",
					Details: exitCodes, Example: "dcr-gateway dn compare transport.pem 'CN=abc,OU=def,O=OpenBanking,C=GB'",
					Setup: command(nil, compareNames),
				},
			},
		},
		{
			Name: "ssa", Summary: "Decode a software statement, and show how its directory's rules read it", Details: exitCodes,
			Commands: []cli.Command{{
				Name: "show", Operands: "FILE", Summary: "Decode a software statement, and show how its directory's rules read it",
				Details: exitCodes, Example: "dcr-gateway ssa show ssa.jwt --claims\ndcr-gateway ssa show --jwks directory.jwks ssa.jwt",
				Setup: command(statementFlags, showStatement),
			}},
		},
		{
			Name: "lint", Operands: "REQUEST", Summary: "Check a registration request with the gate's own code, as far as the given files allow",
			Details: "REQUEST is a compact JWS, or a JSON file of claims that is not signed yet. Nothing is fetched from a network.\n" + exitCodes,
			Example: "dcr-gateway lint request.jwt --world world\ndcr-gateway lint claims.json --ssa ssa.jwt\n" +
				"dcr-gateway lint request.jwt --cert transport.pem --jwks directory.jwks --audience BANK-ID",
			Setup: command(lintFlags, lint),
		},
		{
			Name: "openapi", Summary: "Print an OpenAPI 3.1 document of a profile's registration API",
			Example: "dcr-gateway openapi --profile obie-3.3 --url https://mtls.bank.example/open-banking/v3.3/register", Setup: command(openAPIFlags, openAPI),
		},
	}
}

const exitCodes = "exit codes: 0 no findings, 1 findings, 2 wrong usage or an unreadable file"

// command makes a command's Setup from its flags and function.
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

// found ends the program with exit code 1 and prints nothing more.
var found = cli.Exit{Code: 1}

// unusable is the error for unreadable input.
func unusable(format string, arguments ...any) error {
	return cli.Exit{Code: 2, Text: fmt.Errorf(format, arguments...).Error()}
}

// call is a command with its flags parsed.
type call struct {
	cli.Call

	form         cli.Form
	at           moment
	directory    string // name of a shipped one, or a file
	jwks         string // file: the directory's key set
	statement    string // file
	certificate  string // file
	profile      string // name of a shipped one, or a file
	softwareJWKS string // file
	audiences    []string
	world        string // folder of a sandbox
	claims       bool   // shown
	endpoint     string // URL to register at
}

// statementFlags declares the flags for checking a statement.
func statementFlags(c *call, flags *flag.FlagSet) {
	flags.Var(&c.at, "at", "the `TIME` to check for, as 2026-11-21T12:00:00Z (default now)")
	flags.StringVar(&c.directory, "directory", "", "`NAME` of a shipped directory, or a directory's file (default the shipped one whose issuer the statement names)")
	flags.BoolVar(&c.claims, "claims", false, "show all claims too; JSON always has them")
	flags.StringVar(&c.jwks, "jwks", "", "`FILE` with the directory's key set, to verify the statement's signature")
}

// print writes an answer as JSON or as text.
func (c *call) print(answer interface{ text() string }) error {
	return c.form.Print(c.Stdout, answer, answer.text)
}

// maxFile bounds the files that are read: the largest is a key set.
const maxFile = 1 << 20

// read reads a file; a hyphen means standard input.
func read(path string) ([]byte, error) {
	text, err := cli.Read(path, maxFile)
	if err != nil {
		return nil, unusable("%w", err)
	}
	return text, nil
}

// moment is a flag for a time, by default now.
type moment struct{ time.Time }

// Set implements flag.Value.
func (m *moment) Set(text string) (err error) {
	if m.Time, err = time.Parse(time.RFC3339, text); err != nil {
		return errors.New("want a time as 2026-11-21T12:00:00Z")
	}
	return nil
}

func (m *moment) String() string { return "" } // help shows no default
