package strictyaml

import (
	"errors"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	type document struct {
		Name string `yaml:"name"`
		Kept string `yaml:"kept"`
	}
	for _, test := range []struct{ name, text, want string }{
		{"one document", "name: a\n", ""},
		{"nothing", "", ErrEmpty.Error()},
		{"two documents", "name: a\n---\nname: b\n", ErrMore.Error()},
		{"an unknown key", "nam: a\n", "unknown field"},
		{"a repeated key", "name: a\nname: b\n", "already defined"},
		{"a wrong type", "name: [a]\n", "cannot unmarshal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := document{Kept: "yes"}
			err := Decode([]byte(test.text), &got)
			if test.want == "" {
				if err != nil || got != (document{Name: "a", Kept: "yes"}) {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if errors.Is(ErrEmpty, ErrMore) {
		t.Error("the two errors cannot be told apart")
	}
}
