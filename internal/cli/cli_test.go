package cli

import (
	"bytes"
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name      string
		arguments []string
		want      []string
		flag      string
		code      int // 0 none, -1 help
		usage     bool
	}{
		{"flags in front", []string{"--x", "1", "a", "b"}, []string{"a", "b"}, "1", 0, false},
		{"flags between", []string{"a", "--x=1", "b"}, []string{"a", "b"}, "1", 0, false},
		{"flags behind", []string{"a", "b", "-x", "1"}, []string{"a", "b"}, "1", 0, false},
		{"a hyphen", []string{"-", "b"}, []string{"-", "b"}, "", 0, false},
		{"too few", []string{"a"}, nil, "", 2, true},
		{"too many", []string{"a", "b", "c"}, nil, "", 2, true},
		{"an unknown flag", []string{"a", "--y", "b"}, nil, "", 2, true},
		{"help", []string{"a", "-h"}, nil, "", -1, true},
	} {
		var said bytes.Buffer
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(&said)
		x := flags.String("x", "", "a flag")
		got, err := Parse(flags, c.arguments, 2)
		code := 0
		if exit, is := errors.AsType[Exit](err); is {
			code = exit.ExitCode()
		} else if errors.Is(err, flag.ErrHelp) {
			code = -1
		}
		if !slices.Equal(got, c.want) || code != c.code || c.code == 0 && *x != c.flag || c.usage != strings.Contains(said.String(), "a flag") {
			t.Errorf("%s: got %q, %v, x %q, said %q", c.name, got, err, *x, said.String())
		}
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
