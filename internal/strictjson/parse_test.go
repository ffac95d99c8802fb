package strictjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func nested(levels int) string {
	return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
}

func TestParse(t *testing.T) {
	const (
		early      = "json: it ends too early"
		notObject  = "json: it is not an object"
		notUTF8    = "json: it is not valid UTF-8"
		strange    = "json: the name of a member is not printable ASCII"
		half       = "json: half a surrogate pair"
		tooDeep    = "json: nested deeper than 16 levels"
		acceptable = ""
	)
	for _, test := range []struct{ name, document, want string }{
		{"empty object", `{}`, acceptable},
		{"space around everything", " { \"a\" :\t[ 1 , { \"b\" : null } ]\r\n } \n", acceptable},
		{"one name in two objects", `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`, acceptable},
		{"names that differ", `{"sub":1,"subs":2,"su":3}`, acceptable},
		{"a name in a string value", `{"a":"\",\"a\":1"}`, acceptable},
		{"empty name", `{"":1}`, acceptable},
		{"numbers of any size", `{"a":1e99999,"b":123456789012345678901234567890,"c":-0.0}`, acceptable},
		{"surrogate pair", `{"a":"\ud83d\ude00"}`, acceptable},
		{"replacement character itself", `{"a":"\ufffd","b":"` + "\ufffd" + `"}`, acceptable},
		{"escaped backslash before u", `{"a":"\\ud800"}`, acceptable},
		{"16 levels", nested(16), acceptable},

		{"nothing", "", "json: it is empty"},
		{"space", "  ", "json: it is empty"},
		{"array", `[{"a":1}]`, "json: it is an array"},
		{"string", `"{}"`, "json: it is a string"},
		{"null", `null`, notObject},
		{"two objects", `{}{}`, "json: something follows the object at character 3"},
		{"text after the object", `{} x`, "json: something follows the object at character 4"},
		{"comma at the end", `{"a":1,}`, "json: a comma stands before the closing bracket at character 8"},
		{"no comma", `{"a":1 "b":2}`, "json: it is not JSON from character 8 on"},
		{"no colon", `{"a" 1}`, "json: it is not JSON from character 6 on"},
		{"cut off", `{"a":[1`, early},
		{"comment", `{/**/}`, "json: it is not JSON from character 2 on"},
		{"single quotes", `{'a':1}`, "json: quotation marks must be double, not single as at character 2"},
		{"leading zero", `{"a":01}`, "json: it is not JSON from character 7 on"},
		{"leading plus", `{"a":+1}`, "json: it is not JSON from character 6 on"},
		{"NaN", `{"a":NaN}`, "json: it is not JSON from character 6 on"},
		{"line break in a string", "{\"a\":\"\n\"}", "json: it is not JSON from character 7 on"},
		{"unknown escape", `{"a":"\x41"}`, "json: it is not JSON from character 8 on"},
		{"byte order mark", "\ufeff{}", "json: it begins with a byte order mark"},
		{"a comma after letters that are not ASCII", `{"a":"äöü",}`, "json: a comma stands before the closing bracket at character 12"},
		{"a comma in an array", `{"a":[1 , ] }`, "json: a comma stands before the closing bracket at character 11"},
		{"NUL after the object", "{}\x00", "json: something follows the object at character 3"},
		{"broken UTF-8 in a value", "{\"a\":\"\xff\"}", notUTF8},
		{"surrogate as UTF-8", "{\"a\":\"\xed\xa0\x80\"}", notUTF8},

		{"twice", `{"a":1,"a":1}`, "json: a is named twice"},
		{"twice by case", `{"sub":1,"SUB":2}`, "json: sub and SUB count as one name"},
		{"twice by escape", `{"sub":1,"\u0073ub":2}`, "json: sub is named twice"},
		{"twice by escape and case", `{"sub":1,"\u0053ub":2}`, "json: sub and Sub count as one name"},
		{"twice, empty", `{"":1,"":2}`, "json: two members have one name"},
		{"twice, nested", `{"a":{"b":[{"c":1,"c":2}]}}`, "json: c is named twice"},
		{"twice, with a quotation mark", `{"a\"":1,"a\"":2}`, "json: two members have one name"},
		{"twice, long", `{"` + strings.Repeat("a", 65) + `":1,"` + strings.Repeat("a", 65) + `":2}`, "json: two members have one name"},
		{"long s", `{"ſub":1}`, strange},
		{"escaped Kelvin sign", `{"\u212aid":1}`, strange},
		{"NUL in a name", `{"a\u0000":1}`, strange},
		{"DEL in a name", "{\"a\x7f\":1}", strange},
		{"nested strange name", `{"a":[{"é":1}]}`, strange},

		{"high half", `{"a":"\ud800"}`, half},
		{"high half before text", `{"a":"\ud800abcdef"}`, half},
		{"low half", `{"a":"\udc00"}`, half},
		{"halves in wrong order", `{"a":"\udc00\ud800"}`, half},
		{"high half before a character", `{"a":"\ud800\u0041"}`, half},
		{"half in a name", `{"\ud800":1}`, half},
		{"half in an array", `{"a":["x","\uD800"]}`, half},

		{"17 levels", nested(17), tooDeep},
		{"17 levels of objects", strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), tooDeep},
		{"thousands of levels", nested(9000), tooDeep},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.document))
			if got := message(err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseKeepsNoMemoryOfTheDocument(t *testing.T) {
	document := []byte(`{"a":"before"}`)
	object, err := Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	copy(document, `{"a":"after!"}`)
	if got, _ := object.String("a"); got != "before" {
		t.Errorf("got %q, want before", got)
	}
}

func TestMembersCannotGrowIntoEachOther(t *testing.T) {
	object, err := Parse([]byte(`{"a":1,"b":2}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(object["a"], "0000000000"...)
	if got, _ := object.Int("b"); got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

// FuzzParse checks that encoding/json reads all that Parse accepts, and reads the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"\ud83d\ude00","b":[1,-0,1e3,{"c":null}],"\u0064":true}`, `{"a":1,"A":2}`, nested(16), nested(17),
		"{\"a\" :\n\"\\\\\"\t, \"b\":[ ] }", `{"a":"\ud800"}`, `[{}]`, `{} {}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		object, err := Parse(document)
		if err != nil {
			return
		}
		var reference map[string]json.RawMessage
		if err := json.Unmarshal(document, &reference); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if len(reference) != len(object) {
			t.Fatalf("%d members, encoding/json has %d", len(object), len(reference))
		}
		for name, value := range reference {
			if !bytes.Equal(object[name], value) {
				t.Fatalf("%q is %q, to encoding/json it is %q", name, object[name], value)
			}
			agree(t, object, name, value)
		}
		again, err := json.Marshal(object)
		if err != nil {
			t.Fatalf("cannot be written again: %v", err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("written again it is refused: %v", err)
		}
	})
}

// agree compares the accessors with what encoding/json makes of the value.
func agree(t *testing.T, object Object, name string, value json.RawMessage) {
	t.Helper()
	var reference any
	if json.Unmarshal(value, &reference) != nil {
		return // a number beyond float64
	}
	text, isText := reference.(string)
	if got, err := object.String(name); got != text || (err == nil) != isText {
		t.Fatalf("%q is the string %q (%v), to encoding/json it is %q", name, got, err, text)
	}
	_, isObject := reference.(map[string]any)
	if _, err := object.Object(name); (err == nil) != isObject {
		t.Fatalf("%q: Object gives %v, encoding/json has %T", name, err, reference)
	}
	var integer int64
	isInteger := json.Unmarshal(value, &integer) == nil && string(value) != "-0" && string(value) != "null"
	if got, err := object.Int(name); got != integer || (err == nil) != isInteger {
		t.Fatalf("%q is the integer %d (%v), to encoding/json it is %d", name, got, err, integer)
	}
}

func BenchmarkParse(b *testing.B) {
	claims := []byte(`{"iss":"client","sub":"client","aud":["https://as.example"],"jti":"b9c0","iat":1700000000,` +
		`"exp":1700000300,"cnf":{"x5t#S256":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},"scope":"accounts"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(claims); err != nil {
			b.Fatal(err)
		}
	}
}
