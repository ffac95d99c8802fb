package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Each is the function of a repeatable flag: it appends the value to a list.
func Each(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// JSONMembers is the function of a repeatable flag NAME=JSON: it adds a member to an object, as a json.RawMessage.
func JSONMembers(object *map[string]any) func(string) error {
	return func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return errors.New("want NAME=JSON")
		}
		if !json.Valid([]byte(value)) {
			return fmt.Errorf("the value is not JSON; a string needs its own quotes: '%s=\"...\"'", name)
		}
		if *object == nil {
			*object = map[string]any{}
		}
		(*object)[name] = json.RawMessage(value)
		return nil
	}
}

// Form is the flag --output: text, for people, or json, for scripts.
type Form struct{ json bool }

// Add declares the flag.
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
func (f *Form) String() string { return "" } // the text names the default

// Print writes an answer as JSON or as text.
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
