package part

import (
	"errors"
	"flag"
	"io"
)

// UsageCode is the exit code of a command that was called wrongly.
const UsageCode = 2

// Exit is an error that chooses the exit code of its command. Without an Err there is nothing left to print.
type Exit struct {
	Code int
	Err  error
}

// Error is the error's own text.
func (e *Exit) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Unwrap returns the error.
func (e *Exit) Unwrap() error { return e.Err }

// ExitCode is the exit code of the command.
func (e *Exit) ExitCode() int { return e.Code }

// Parse reads a command's flags. A wrong one is explained on stderr, and so is help that was asked for.
func Parse(flags *flag.FlagSet, args []string, stderr io.Writer) error {
	flags.SetOutput(stderr)
	err := flags.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return &Exit{Code: UsageCode}
}
