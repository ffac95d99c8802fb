// Package desk is what a TPP's developer has on his own machine: commands that show and check names, software statements
// and registration requests by the gate's own code, without a network. Production has them too.
package desk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// A Command is one verb.
type Command struct {
	Name, Operands, Summary string
	flags                   func(c *call)
	run                     func(ctx context.Context, c *call) error
}

// Commands lists the verbs.
func Commands() []Command {
	return []Command{
		{"dn show", "DN|CERT.pem", "say what a distinguished name, or the subject of a certificate, is to the gate", nil, showName},
		{"dn compare", "A B", "say whether two names, or subjects of certificates, are the same to the gate, and if not why; 1 if not", nil, compareNames},
		{"ssa show", "FILE", "decode a software statement, and say what the directory that it is of makes of it; 1 if a gate would refuse it", ssaFlags, showStatement},
		{"lint", "REQUEST", "check a registration request by the gate's own steps, as far as the files given allow; 1 if a gate would refuse it.\n" +
			"REQUEST is a compact JWS, or a JSON file of claims that is not signed yet. Nothing is fetched from a network.", lintFlags, lint},
	}
}

const exitCodes = "exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage or a file that cannot be read"

// Run runs the verb that the arguments begin with. It returns nil, or an error with an ExitCode: 1 where something is
// wrong with what was asked about, 2 where the command was called wrongly. What its Error says is still to be printed.
func Run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	for _, command := range Commands() {
		if rest, is := cutVerb(arguments, command.Name); is {
			return command.call(ctx, rest, stdout, stderr)
		}
	}
	if len(arguments) == 2 && (arguments[1] == "-h" || arguments[1] == "--help") {
		fmt.Fprintln(stderr, usage(arguments[0]))
		return flag.ErrHelp
	}
	return cli.Exit{Code: 2, Text: usage(arguments[0])}
}

// cutVerb cuts a verb of one or two words off.
func cutVerb(arguments []string, verb string) (rest []string, is bool) {
	words := strings.Fields(verb)
	if len(arguments) < len(words) || strings.Join(arguments[:len(words)], " ") != verb {
		return nil, false
	}
	return arguments[len(words):], true
}

// usage lists the verbs that begin with a word.
func usage(word string) string {
	text := "usage:"
	for _, command := range Commands() {
		if strings.HasPrefix(command.Name+" ", word+" ") {
			text += fmt.Sprintf("\n  dcr-gateway %s\n      %s", command.Name+" [flags] "+command.Operands, command.Summary)
		}
	}
	return text + "\n" + exitCodes
}

// found ends the program after what is wrong has been said.
var found = cli.Exit{Code: 1}

// unusable is the end for what cannot be read at all.
func unusable(format string, arguments ...any) error {
	return cli.Exit{Code: 2, Text: fmt.Errorf(format, arguments...).Error()}
}

// call is a verb with its arguments read.
type call struct {
	flags          *flag.FlagSet
	operands       []string
	stdout, stderr io.Writer

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

func ssaFlags(c *call) {
	c.flags.Var(&c.at, "at", "the `TIME` to ask for, as 2026-11-21T12:00:00Z (default now)")
	c.flags.StringVar(&c.directory, "directory", "", "`NAME` of a shipped directory, or a directory's file (default the shipped one whose issuer the statement names)")
	c.flags.StringVar(&c.jwks, "jwks", "", "`FILE` with the directory's key set, to verify the statement's signature")
}

func (c Command) call(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	this := &call{flags: flag.NewFlagSet(c.Name, flag.ContinueOnError), stdout: stdout, stderr: stderr}
	this.flags.SetOutput(stderr)
	this.flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: dcr-gateway %s [flags] %s\n%s\n", c.Name, c.Operands, c.Summary)
		this.flags.PrintDefaults()
		fmt.Fprintln(stderr, exitCodes)
	}
	this.form.Add(this.flags)
	this.at.Time = time.Now()
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

// maxFile bounds what is read: the largest thing that anybody has here is a key set.
const maxFile = 1 << 20

// read reads a file, standard input where its name is a hyphen.
func read(path string) ([]byte, error) {
	from := os.Stdin
	if path != "-" {
		opened, err := os.Open(path)
		if err != nil {
			return nil, unusable("%w", err)
		}
		defer opened.Close() // read only: nothing can be lost
		from = opened
	}
	text, err := bounded.Read(from, path, maxFile)
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
