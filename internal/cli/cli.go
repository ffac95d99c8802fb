// Package cli is what the program's commands have in common: flags that stand anywhere among the operands, answers for
// people and for scripts, and exit codes.
package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
)

// An Exit is an error that says how the program ends: 1 where something is wrong with what was asked about, 2 where the
// command was called wrongly.
type Exit struct {
	Code int
	Text string // still to be printed; "" where everything has been said
}

// Error is the text.
func (e Exit) Error() string { return e.Text }

// ExitCode is the program's.
func (e Exit) ExitCode() int { return e.Code }

// Parse reads flags before, between and behind the operands, of which there must be so many; a hyphen alone is one. Its
// error is flag.ErrHelp, or an Exit after the usage has been printed.
func Parse(flags *flag.FlagSet, arguments []string, operands int) ([]string, error) {
	var found []string
	for {
		if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil { // the flag package has said it
			return nil, Exit{Code: 2}
		}
		if arguments = flags.Args(); len(arguments) == 0 {
			break
		}
		found, arguments = append(found, arguments[0]), arguments[1:]
	}
	if len(found) != operands {
		flags.Usage()
		return nil, Exit{Code: 2}
	}
	return found, nil
}

// Each is what a flag does that may be given several times: it adds the value to a list.
func Each(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// Form is the flag --output: text, for people, or json, for scripts.
type Form struct{ json bool }

// Add adds the flag to a command.
func (f *Form) Add(flags *flag.FlagSet) {
	flags.Var(f, "output", "`FORM` of the answer: text, or json for scripts (default text)")
}

// Set implements flag.Value.
func (f *Form) Set(name string) error {
	if name != "text" && name != "json" {
		return errors.New("want text or json")
	}
	f.json = name == "json"
	return nil
}

// String implements flag.Value.
func (f *Form) String() string { return "" } // the default is in the words

// Print writes an answer: itself as JSON, or the text that it is for people.
func (f *Form) Print(w io.Writer, answer any, text func() string) error {
	if !f.json {
		_, err := io.WriteString(w, text())
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer)
}
