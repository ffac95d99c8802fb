package strictyaml

import (
	"errors"
	"strings"
	"testing"
	"time"
)

type document struct {
	Name  string            `yaml:"name"`
	Kept  string            `yaml:"kept"`
	Small int8              `yaml:"small"`
	Age   time.Duration     `yaml:"age"`
	List  []string          `yaml:"list"`
	Map   map[string]string `yaml:"map"`
}

func TestDecode(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"one document", "name: a\n", ""},
		{"one document that is marked", "---\nname: a\n...\n", ""},
		{"nothing", "", ErrEmpty.Error()},
		{"a comment", "# a\n", ErrEmpty.Error()},
		{"two documents", "name: a\n---\nname: b\n", ErrMore.Error()},
		{"an unknown key", "name: a\nnam: a\n", `2:1: unknown field "nam"; did you mean name?`},
		{"a key in another case", "Name: a\n", `1:1: unknown field "Name"; did you mean name?`},
		{"a repeated key", "name: a\nname: b\n", `2:1: mapping key "name" already defined at [1:1]`},
		{"a list for a text", "name: [a]\n", "1:7: name must be a text, and is a list"},
		{"a text for a list", "name: a\nlist: a\n", "2:7: string was used where sequence is expected"},
		{"a number for a duration", "age: 5\n", "1:6: age must be a duration, as 30m, and is a number"},
		{"no duration", "age: secret\n", "a duration must be written as 30m or 1h30m"},
		{"too large a number", "small: 1234\n", "1:8: the number is too large or too small"},
		{"a bracket without its end", "name: a\nlist: [a\n", "2:7: sequence end token ']' not found"},
		{"a list as document", "- a\n", "1:1: sequence was used where mapping is expected"},
		{"not UTF-8", "name: a\xff\n", "the file is not UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := document{Kept: "yes"}
			err := Decode([]byte(test.text), &got)
			if test.want == "" {
				if err != nil || got.Name != "a" || got.Kept != "yes" {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if errors.Is(ErrEmpty, ErrMore) {
		t.Error("the two errors cannot be told apart")
	}
}

// doubling is a text of n lines that stands for one of 2 to the n.
func doubling(n int) string {
	return "map: {a: b}\nlist: [&a [x], " + strings.Repeat("&a [*a, *a], ", n) + "]\n"
}

func stairs(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(strings.Repeat(" ", i) + "map:\n")
	}
	return text.String()
}

// What would end the process, or take hours, is refused before it is parsed.
func TestDecodeIsBounded(t *testing.T) {
	const many = maxText - 16
	for _, test := range []struct{ name, text, want string }{
		{"too large", "name: " + strings.Repeat("a", maxText), "the file is larger than 256 KiB"},
		{"too many items", "list:\n" + strings.Repeat("- a\n", maxTokens), "16385:1: the file is too long"},
		{"too many brackets", "name: " + strings.Repeat("[", many), "1:39: too many brackets stand in one another"},
		{"too many braces", "name: " + strings.Repeat("{a: ", many/4), "1:135: too many brackets stand in one another"},
		{"lists in lists", "name:\n " + strings.Repeat("- ", many/2), "2:66: the line is indented too far"},
		{"objects in objects", stairs(80), "65:68: the line is indented too far"},
		{"aliases", doubling(60), "2:8: anchors and aliases are not allowed"},
		{"a merge", "map: {<<: {a: b}}\n", "1:7: anchors and aliases are not allowed"},
		{"a tag", "name: !!str a\n", "1:7: tags are not allowed"},
		{"tags", "name: " + strings.Repeat("! ", many/2), "1:7: tags are not allowed"},
		{"a directive", "%YAML 1.2\n---\nname: a\n", "1:1: a line must not begin with %"},
		{"a long key", "map: {" + strings.Repeat("k", maxKey+1) + ": a}\n", "1:136: a key is longer than 128 bytes"},
		{"a key after a question mark", "? name\n: a\n", "1:1: a key must be written without ?"},
		{"no key", ": a\n", "1:1: a key is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got document
			err := Decode([]byte(test.text), &got)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("got an error of type %T", err)
			}
		})
	}
}

// A file that only just keeps to the bounds is read.
func TestDecodeAtTheBounds(t *testing.T) {
	var got document
	key := strings.Repeat("k", maxKey)
	text := "list:\n" + strings.Repeat("- a\n", maxTokens/2-10) + "map: {" + key + ": a}\n"
	if err := Decode([]byte(text), &got); err != nil || len(got.List) != maxTokens/2-10 || got.Map[key] != "a" {
		t.Errorf("got %d items, %v", len(got.List), err)
	}
}

// Whatever the text is, it is read or refused.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"name: a\nlist: [a, 'b']\nmap: {a: \"b\"}\n", "age: 5m\n---\n", "name: |\n a\n b\n", stairs(9), doubling(3)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second document
		if err := Decode(text, &first); err == nil {
			if err := Decode(text, &second); err != nil {
				t.Error("the text is refused the second time")
			}
		}
	})
}
