package tpp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// claims is a repeatable flag NAME=JSON.
type claims map[string]json.RawMessage

// String is the flag's default in its help: nothing.
func (c *claims) String() string { return "" }

// Set takes one NAME=JSON.
func (c *claims) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || name == "" {
		return errors.New("want NAME=JSON")
	}
	if !json.Valid([]byte(value)) {
		return fmt.Errorf("the value is not JSON; a text needs quotes: '%s=\"...\"'", name)
	}
	if *c == nil {
		*c = claims{}
	}
	(*c)[name] = json.RawMessage(value)
	return nil
}

// list is a repeatable flag.
type list []string

// String is the flag's default in its help: nothing.
func (l *list) String() string { return "" }

// Set takes one more value.
func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}
