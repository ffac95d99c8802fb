package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// help returns the help of a command.
func (c Command) help(path string) string {
	var text strings.Builder
	if c.Setup == nil {
		fmt.Fprintf(&text, "usage: %s COMMAND [flags]; %s COMMAND --help explains one\n\n%s.\n\n", path, path, c.Summary)
		width := 0
		for _, one := range c.Commands {
			width = max(width, len(one.usage(one.Name)))
		}
		for _, one := range c.Commands {
			if !one.Hidden {
				fmt.Fprintf(&text, "  %-*s  %s\n", width, one.usage(one.Name), one.Summary)
			}
		}
	} else {
		fmt.Fprintf(&text, "usage: %s\n\n%s.\n", c.usage(path+" [flags]"), c.Summary)
	}
	if c.Details != "" {
		fmt.Fprintf(&text, "\n%s\n", strings.Trim(c.Details, "\n"))
	}
	if c.Setup != nil {
		flags := flag.NewFlagSet(path, flag.ContinueOnError)
		c.Setup(flags)
		printFlags(&text, flags)
	}
	if c.Example != "" {
		text.WriteString("\nexamples:\n")
		for line := range strings.Lines(strings.Trim(c.Example, "\n") + "\n") {
			text.WriteString("  " + line)
		}
	}
	return text.String()
}

func (c Command) usage(name string) string { return strings.TrimSpace(name + " " + c.Operands) }

// printFlags lists flags with two hyphens, as the documentation writes them. The default follows unless it is the zero value
// or the description states it in brackets.
func printFlags(w io.Writer, flags *flag.FlagSet) {
	head := "\nflags:\n"
	flags.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "%s  --%s\n        %s", head, strings.TrimSpace(f.Name+" "+value), strings.ReplaceAll(text, "\n", "\n        "))
		head = ""
		if d := f.DefValue; d != "" && d != "0" && d != "false" && d != "0s" {
			fmt.Fprintf(w, " (default %s)", d)
		}
		fmt.Fprintln(w)
	})
}
