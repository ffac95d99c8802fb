package dcrclient

import (
	"reflect"
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	v := Values{"now": Constant(int64(100)), "list": Constant([]string{"a", "b"}), "word": Constant("w.w")}
	for _, test := range []struct {
		name  string
		value any
		want  any
		err   string
	}{
		{"a number", "${now}", int64(100), ""},
		{"a later number", "${now+60}", int64(160), ""},
		{"an earlier number", "${now-60}", int64(40), ""},
		{"a list", "${list}", []string{"a", "b"}, ""},
		{"in a text", "a ${word} at ${now}", "a w.w at 100", ""},
		{"in an object in a list", []any{map[string]any{"a": "${word}"}}, []any{map[string]any{"a": "w.w"}}, ""},
		{"not at all", uint64(7), uint64(7), ""},
		{"an unknown name", "${nothing}", nil, "${nothing} is not defined here"},
		{"a sum of no number", "${word+1}", nil, "${word} is not a number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := v.Fill(test.value)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	if pattern, err := v.Pattern("^${word}$"); err != nil || pattern.MatchString("wxw") || !pattern.MatchString("w.w") {
		t.Errorf("a name in a pattern is not meant literally: %v, %v", pattern, err)
	}
}

func TestCheckPattern(t *testing.T) {
	if err := CheckPattern("^${word}$"); err != nil {
		t.Error(err)
	}
	if CheckPattern("(${word}") == nil {
		t.Error("half a group is a pattern")
	}
}

func TestObjectText(t *testing.T) {
	text, err := ObjectText(map[string]any{"a": 1, "b": 2}, map[string]any{"a": []int{3}})
	if want := `{"a":1,"b":2,"a":[3]}`; err != nil || text != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}
