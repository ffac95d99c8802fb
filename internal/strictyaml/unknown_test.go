package strictyaml

import (
	"errors"
	"testing"
)

type outer struct {
	Extends string `yaml:"extends"`
	inside  `yaml:",inline"`
	Parts   []part           `yaml:"parts"`
	Named   map[string]*part `yaml:"named"`
	Hidden  string           `yaml:"-"`
}

type inside struct {
	Colour string `yaml:"colour"`
}

type part struct {
	Size  int `yaml:"size"`
	Other any `yaml:"other"`
}

// All keys that mean nothing are told at once, wherever they stand, with the one that was probably meant.
func TestUnknownKeys(t *testing.T) {
	const text = `extend: a
color: red
parts:
  - {size: 1, sise: 2, other: {anything: 1}}
  - size: 1
    Hidden: x
named:
  anything: {size: 1}
  else:
    siz: 1
`
	var got outer
	err := Decode([]byte(text), &got)
	want := `1:1: unknown field "extend"; did you mean extends?
2:1: unknown field "color"; did you mean colour?
4:15: unknown field "sise"; did you mean size?
6:5: unknown field "Hidden"
10:5: unknown field "siz"; did you mean size?`
	if unknown, ok := errors.AsType[Unknown](err); !ok || unknown.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	refused, ok := errors.AsType[*Invalid](Unread("thing", "a.yaml", []byte(text), err))
	if !ok || len(refused.Faults) != 5 || refused.Faults[2].Line != 4 || refused.Faults[2].Text != "  - {size: 1, sise: 2, other: {anything: 1}}" {
		t.Errorf("got %+v", refused)
	}
}
