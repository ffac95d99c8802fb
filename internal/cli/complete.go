package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Completion is the command that prints a completion script for a shell. The scripts call the program's hidden command
// `complete`, so that they never go stale.
func Completion(program func() Command) []Command {
	return []Command{
		{
			Name: "completion", Operands: "SHELL", Summary: "Print a completion script for bash, zsh or fish",
			Example: "source <(dcr-gateway completion bash)\nsource <(dcr-gateway completion zsh)\ndcr-gateway completion fish | source",
			Setup: func(*flag.FlagSet) Run {
				return func(_ context.Context, call Call) error {
					script, known := scripts[call.Operands[0]]
					if !known {
						return Exit{Wrong, fmt.Sprintf("no script for %q: the shells are bash, zsh and fish", call.Operands[0])}
					}
					_, err := io.WriteString(call.Stdout, strings.ReplaceAll(script, "PROGRAM", program().Name))
					return err
				}
			},
		},
		{
			Name: "complete", Operands: "WORD...", Summary: "Print the completions of the last word", Hidden: true,
			Setup: func(*flag.FlagSet) Run {
				return func(_ context.Context, call Call) error {
					for _, word := range program().complete(call.Operands) {
						if _, err := fmt.Fprintln(call.Stdout, word); err != nil {
							return err
						}
					}
					return nil
				}
			},
		},
	}
}

// The scripts pass the words of the line up to the cursor to `complete`, after "--". If there are no completions, the shell
// offers files.
var scripts = map[string]string{
	"bash": `_PROGRAM() {
  local IFS=$'\n'
  COMPREPLY=($(PROGRAM complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _PROGRAM PROGRAM
`,
	"zsh": `_PROGRAM() {
  local -a found
  found=("${(@f)$(PROGRAM complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "${found[@]}"; else _files; fi
}
compdef _PROGRAM PROGRAM
`,
	"fish": `function __PROGRAM
  set -l words (commandline -opc) (commandline -ct)
  PROGRAM complete -- $words[2..-1] 2>/dev/null
end
complete -c PROGRAM -a '(__PROGRAM)'
`,
}

// complete returns the completions of the last word: commands, flags, or the values of --output. It returns nothing for a
// file or a value of the user.
func (c Command) complete(words []string) []string {
	last := len(words) - 1
	for _, word := range words[:last] {
		if next := c.find(word); next != nil {
			c = *next
		}
	}
	var found []string
	switch {
	case c.Setup == nil:
		found = c.names()
	case last > 0 && strings.TrimLeft(words[last-1], "-") == "output" && strings.HasPrefix(words[last-1], "-"):
		found = []string{"json", "text"}
	case strings.HasPrefix(words[last], "-"):
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		c.Setup(flags)
		flags.VisitAll(func(f *flag.Flag) { found = append(found, "--"+f.Name) })
	}
	return slices.DeleteFunc(found, func(word string) bool { return !strings.HasPrefix(word, words[last]) })
}
