// Package cli turns a tree of commands into a program: it parses flags anywhere among the operands, refuses unexpected
// arguments, prints help and completions, and maps errors to exit codes. Use it for every command that a person types. It
// does not know what the commands do.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// The exit codes of all commands. A command that checks something also exits with 1 if the check fails.
const (
	Failed = 1 // the command failed, or found a problem
	Wrong  = 2 // the command was called wrongly
)

// Read reads a file that an operand or a flag names, standard input if the name is a hyphen. More than most bytes are an
// error.
func Read(path string, most int64) ([]byte, error) {
	if path == "-" {
		return bounded.Read(os.Stdin, path, most)
	}
	return bounded.ReadFile(path, most)
}

// An Exit is an error that chooses the program's exit code.
type Exit struct {
	Code int
	Text string // to be printed; "" if the command has printed everything
}

// Error is the text.
func (e Exit) Error() string { return e.Text }

// ExitCode is the program's.
func (e Exit) ExitCode() int { return e.Code }

// A Command is either a group of commands or something that runs.
type Command struct {
	Name     string // one word
	Operands string // the operands, as "METHOD URL"; each is required; a last "ARGUMENT..." takes one or more
	Summary  string // what it does, in one sentence without a full stop
	Details  string // further help; lines
	Example  string // command lines that work; lines
	Hidden   bool   // not for people: left out of help and completions
	Version  string // of the program, for --version

	Commands []Command // of a group
	// Setup declares the flags of a command that runs, and returns what runs once they are parsed.
	Setup func(flags *flag.FlagSet) Run
}

// Run runs a command. Its error is printed; an Exit chooses the exit code, any other error means Failed.
type Run func(ctx context.Context, call Call) error

// A Call is what a command receives in addition to its flags.
type Call struct {
	Operands       []string
	Version        string // of the program
	Stdout, Stderr io.Writer
}

// Main runs the command that the arguments name and returns the program's exit code.
func (c Command) Main(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	at, err := c.run(ctx, c.Name, arguments, stdout, stderr)
	if err == nil {
		return 0
	}
	code := Failed
	if exit, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok {
		code = exit.ExitCode()
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(stderr, "%s: %s\n", at, text)
	}
	return code
}

// Run runs the command that the arguments name, and returns its error.
func (c Command) Run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	_, err := c.run(ctx, c.Name, arguments, stdout, stderr)
	return err
}

// run descends the tree; path is the command's full name. It returns the path of the command that ran.
func (c Command) run(ctx context.Context, path string, arguments []string, stdout, stderr io.Writer) (at string, err error) {
	if c.Setup != nil {
		return path, c.call(ctx, path, arguments, stdout, stderr)
	}
	if len(arguments) == 0 {
		return path, Exit{Wrong, "a command is missing\n" + c.help(path)}
	}
	name, rest := arguments[0], arguments[1:]
	switch name {
	case "-h", "-help", "--help":
		_, err := io.WriteString(stdout, c.help(path))
		return path, err
	case "help":
		return c.run(ctx, path, append(slices.Clone(rest), "--help"), stdout, stderr)
	case "--version", "-version":
		if c.Version != "" {
			_, err := fmt.Fprintln(stdout, c.Version)
			return path, err
		}
	}
	if next := c.find(name); next != nil {
		next.Version = c.Version
		return next.run(ctx, path+" "+name, rest, stdout, stderr)
	}
	if strings.HasPrefix(name, "-") {
		return path, Exit{Wrong, "a command must precede the flag " + name + c.seeHelp(path)}
	}
	return path, Exit{Wrong, fmt.Sprintf("unknown command %q%s%s", name, nearest.Ask(name, c.names()), c.seeHelp(path))}
}

func (c Command) find(name string) *Command {
	i := slices.IndexFunc(c.Commands, func(one Command) bool { return one.Name == name })
	if i < 0 {
		return nil
	}
	found := c.Commands[i]
	return &found
}

// names returns the names of the commands that are not hidden.
func (c Command) names() (names []string) {
	for _, one := range c.Commands {
		if !one.Hidden {
			names = append(names, one.Name)
		}
	}
	return names
}

func (c Command) call(ctx context.Context, path string, arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // reword replaces its messages
	run := c.Setup(flags)
	operands, err := parse(flags, arguments, c.variadic())
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(stdout, c.help(path))
		return err
	}
	if err == nil {
		err = c.checkOperands(operands)
	}
	if err != nil {
		return Exit{Wrong, err.Error() + c.seeHelp(path)}
	}
	return run(ctx, Call{Operands: operands, Version: c.Version, Stdout: stdout, Stderr: stderr})
}

// variadic reports whether the last operand takes all remaining arguments.
func (c Command) variadic() bool { return strings.HasSuffix(c.Operands, "...") }

func (c Command) checkOperands(operands []string) error {
	wanted := strings.Fields(c.Operands)
	switch {
	case len(operands) < len(wanted):
		return fmt.Errorf("%s is missing", wanted[len(operands)])
	case len(operands) > len(wanted) && !c.variadic():
		return fmt.Errorf("unexpected argument %q", operands[len(wanted)])
	}
	return nil
}

// parse reads flags before, between and after the operands; a hyphen alone is an operand, and after "--" everything is. If
// the operands are another program's command line, the first operand ends the flags.
func parse(flags *flag.FlagSet, arguments []string, variadic bool) (operands []string, err error) {
	for {
		if err := flags.Parse(arguments); err != nil {
			return nil, reword(flags, err)
		}
		rest := flags.Args()
		ended := len(rest) < len(arguments) && arguments[len(arguments)-len(rest)-1] == "--"
		if len(rest) == 0 || ended || variadic {
			return append(operands, rest...), nil
		}
		operands, arguments = append(operands, rest[0]), rest[1:]
	}
}

// reword rewrites an error of package flag: our flags have two hyphens, and a wrong name may be near a right one.
func reword(flags *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return fmt.Errorf("unknown flag --%s%s", name, nearest.Ask(name, flagNames(flags)))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("--%s needs a value", name)
	}
	if strings.HasPrefix(text, "invalid ") {
		return errors.New(strings.NewReplacer(" for flag -", " for --", " for -", " for --").Replace(text))
	}
	return err
}

func flagNames(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// seeHelp ends the message about a wrong call.
func (c Command) seeHelp(path string) string {
	if c.Setup == nil {
		return "\nusage: " + path + " COMMAND [flags]; " + path + " --help lists the commands"
	}
	return "\nusage: " + c.usage(path+" [flags]") + "; --help says more"
}
