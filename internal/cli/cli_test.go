package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program has a group, a command with two operands, and one that passes arguments on.
func program() Command {
	tell := func(flags *flag.FlagSet) Run {
		x := flags.String("x", "", "a `TEXT`")
		n := flags.Int("count", 0, "a `NUMBER`")
		return func(_ context.Context, call Call) error {
			if *x == "fail" {
				return errors.New("it failed")
			}
			if *x == "seven" {
				return Exit{Code: 7}
			}
			_, err := fmt.Fprintf(call.Stdout, "%q %s %d\n", call.Operands, *x, *n)
			return err
		}
	}
	return Command{
		Name: "p", Summary: "Do things", Version: "v1",
		Commands: []Command{
			{Name: "group", Summary: "Group things", Commands: []Command{{Name: "copy", Operands: "FROM TO", Summary: "Copy", Example: "p group copy a b", Setup: tell}}},
			{Name: "pass", Operands: "ARGUMENT...", Summary: "Pass on", Example: "p pass -- a -b", Setup: tell},
			{Name: "secret", Summary: "Hide", Hidden: true, Setup: tell},
		},
	}
}

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		line        string
		code        int
		out, stderr string // what is said: the whole of it, or what begins and ends with an asterisk is in it
	}{
		{"group copy --x 1 a b", 0, `["a" "b"] 1 0` + "\n", ""},
		{"group copy a --x=1 b", 0, `["a" "b"] 1 0` + "\n", ""},
		{"group copy a b -x 1 --count 3", 0, `["a" "b"] 1 3` + "\n", ""},
		{"group copy - b", 0, `["-" "b"]  0` + "\n", ""},
		{"group copy -- --x b", 0, `["--x" "b"]  0` + "\n", ""},
		{"pass --x 1 -- a -b --x 2", 0, `["a" "-b" "--x" "2"] 1 0` + "\n", ""},
		{"pass a -b", 0, `["a" "-b"]  0` + "\n", ""},
		{"secret", 0, "[]  0\n", ""},
		{"pass", 2, "", "p pass: ARGUMENT... is missing\nusage: p pass [flags] ARGUMENT...; --help says more\n"},
		{"group copy a", 2, "", "p group copy: TO is missing\nusage: p group copy [flags] FROM TO; --help says more\n"},
		{"group copy a b c", 2, "", "*unexpected argument \"c\"*"},
		{"group copy a b --cuont 1", 2, "", "*unknown flag --cuont; did you mean count?*"},
		{"group copy a b --count", 2, "", "*--count needs a value*"},
		{"group copy a b --count x", 2, "", "*invalid value \"x\" for --count*"},
		{"grup copy a b", 2, "", "*unknown command \"grup\"; did you mean group?*"},
		{"group cpoy a b", 2, "", "p group: unknown command \"cpoy\"; did you mean copy?\nusage: p group COMMAND [flags]; p group --help lists the commands\n"},
		{"secert", 2, "", "*unknown command \"secert\"\n*"},
		{"--x", 2, "", "*a command must precede the flag --x*"},
		{"", 2, "", "*usage: p COMMAND*"},
		{"--version", 0, "v1\n", ""},
		{"--help", 0, "*group*", ""},
		{"help group copy", 0, "*usage: p group copy [flags] FROM TO\n\nCopy.\n\nflags:\n  --count NUMBER\n        a NUMBER\n*", ""},
		{"group copy a -h", 0, "*p group copy a b*", ""},
		{"group --help", 0, "*copy FROM TO  Copy*", ""},
		{"group copy a b --x fail", 1, "", "p group copy: it failed\n"},
		{"group copy a b --x seven", 7, "", ""},
	} {
		var stdout, stderr bytes.Buffer
		code := program().Main(t.Context(), strings.Fields(c.line), &stdout, &stderr)
		if code != c.code || !says(stdout.String(), c.out) || !says(stderr.String(), c.stderr) {
			t.Errorf("%s: code %d, %q, %q", c.line, code, &stdout, &stderr)
		}
	}
	var help bytes.Buffer
	if program().Main(t.Context(), []string{"--help"}, &help, io.Discard); strings.Contains(help.String(), "secret") {
		t.Errorf("help lists a hidden command: %s", &help)
	}
}

func says(text, want string) bool {
	if inner, ok := strings.CutPrefix(want, "*"); ok {
		return strings.Contains(text, strings.TrimSuffix(inner, "*"))
	}
	return text == want
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{""}, "group pass"},
		{[]string{"gr"}, "group"},
		{[]string{"group", ""}, "copy"},
		{[]string{"group", "copy", "--c"}, "--count"},
		{[]string{"group", "copy", "a"}, ""},
		{[]string{"group", "copy", "--output", ""}, "json text"},
		{[]string{"s"}, ""},
	} {
		if got := strings.Join(program().complete(c.words), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.words, got, c.want)
		}
	}
}

// TestCompletionInShells has the shells that are here complete a command with the script.
func TestCompletionInShells(t *testing.T) {
	dir := t.TempDir()
	stub := "#!/bin/sh\n[ \"$*\" = 'complete -- group c' ] && echo copy\n"
	if err := os.WriteFile(filepath.Join(dir, "p"), []byte(stub), 0o700); err != nil {
		t.Fatal(err)
	}
	for shell, ask := range map[string]string{
		"bash": "COMP_WORDS=(p group c); COMP_CWORD=2; _p; echo \"${COMPREPLY[@]}\"",
		"fish": "complete -C 'p group c'",
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell + " is not installed")
			}
			all := Command{Name: "p", Commands: Completion(program)}
			var script bytes.Buffer
			if code := all.Main(t.Context(), []string{"completion", shell}, &script, io.Discard); code != 0 {
				t.Fatalf("code %d", code)
			}
			command := exec.CommandContext(t.Context(), path, "-c", script.String()+ask)
			command.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
			out, err := command.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "copy" {
				t.Errorf("%v: %q", err, out)
			}
		})
	}
}

func TestForm(t *testing.T) {
	answer := struct {
		A string `json:"a"`
	}{"<&>"}
	for _, c := range []struct{ form, want string }{{"", "for people"}, {"text", "for people"}, {"json", "{\n  \"a\": \"<&>\"\n}\n"}} {
		var form Form
		if c.form != "" {
			if err := form.Set(c.form); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := form.Print(&out, answer, func() string { return "for people" }); err != nil || out.String() != c.want {
			t.Errorf("%q: %q, %v", c.form, out.String(), err)
		}
	}
	if new(Form).Set("xml") == nil {
		t.Error("there is a form xml")
	}
}
