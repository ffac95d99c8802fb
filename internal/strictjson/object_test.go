package strictjson

import (
	"errors"
	"slices"
	"testing"
)

func parsed(t *testing.T, document string) Object {
	t.Helper()
	object, err := Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func TestHas(t *testing.T) {
	object := parsed(t, `{"a":null,"b":1}`)
	for name, want := range map[string]bool{"a": true, "b": true, "A": false, "c": false} {
		if got := object.Has(name); got != want {
			t.Errorf("Has(%q) is %t, want %t", name, got, want)
		}
	}
	if (Object)(nil).Has("a") {
		t.Error("the zero value has a member")
	}
}

func TestString(t *testing.T) {
	object := parsed(t, `{"plain":"abc","empty":"","escaped":"a\n\u0062\"","wide":"é","null":null,"number":1,"array":["a"]}`)
	for _, test := range []struct {
		name, want string
		err        error
	}{
		{"plain", "abc", nil},
		{"empty", "", nil},
		{"escaped", "a\nb\"", nil},
		{"wide", "é", nil},
		{"null", "", ErrType},
		{"number", "", ErrType},
		{"array", "", ErrType},
		{"absent", "", ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := object.String(test.name)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestStrings(t *testing.T) {
	object := parsed(t, `{"two":["a","\u0062"],"empty":[],"null":null,"with null":["a",null],"mixed":["a",1],"string":"a","nested":[["a"]]}`)
	for _, test := range []struct {
		name string
		want []string
		err  error
	}{
		{"two", []string{"a", "b"}, nil},
		{"empty", []string{}, nil},
		{"null", nil, ErrType},
		{"with null", nil, ErrType},
		{"mixed", nil, ErrType},
		{"string", nil, ErrType},
		{"nested", nil, ErrType},
		{"absent", nil, ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := object.Strings(test.name)
			if !slices.Equal(got, test.want) || (got == nil) != (test.want == nil) || !errors.Is(err, test.err) {
				t.Errorf("got %#v, %v, want %#v, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestInt(t *testing.T) {
	for _, test := range []struct {
		literal string
		want    int64
		err     error
	}{
		{"0", 0, nil},
		{"1", 1, nil},
		{"-1", -1, nil},
		{"9223372036854775807", 1<<63 - 1, nil},
		{"-9223372036854775808", -1 << 63, nil},
		{"9223372036854775808", 0, ErrType},
		{"1e3", 0, ErrType},
		{"1.0", 0, ErrType},
		{"1E0", 0, ErrType},
		{"-0", 0, ErrType},
		{"0.0", 0, ErrType},
		{`"1"`, 0, ErrType},
		{"null", 0, ErrType},
		{"true", 0, ErrType},
		{"[1]", 0, ErrType},
		{"{}", 0, ErrType},
	} {
		t.Run(test.literal, func(t *testing.T) {
			got, err := parsed(t, `{"n": `+test.literal+` }`).Int("n")
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %d, %v, want %d, %v", got, err, test.want, test.err)
			}
		})
	}
	if _, err := (Object{}).Int("n"); !errors.Is(err, ErrMissing) {
		t.Errorf("absent: got %v, want %v", err, ErrMissing)
	}
}

func TestBool(t *testing.T) {
	object := parsed(t, `{"yes": true ,"no":false,"null":null,"string":"true","number":1}`)
	for _, test := range []struct {
		name string
		want bool
		err  error
	}{
		{"yes", true, nil},
		{"no", false, nil},
		{"null", false, ErrType},
		{"string", false, ErrType},
		{"number", false, ErrType},
		{"absent", false, ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := object.Bool(test.name)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %t, %v, want %t, %v", got, err, test.want, test.err)
			}
		})
	}
}

func TestObjects(t *testing.T) {
	object := parsed(t, `{"one":{"a":1},"many":[{"a":1},{}],"empty":[],"null":null,"with null":[{},null],"mixed":[{},1],"string":"{}"}`)
	for _, test := range []struct {
		name      string
		want      int // how many
		err       error
		wantOne   int // how many members
		wantError error
	}{
		{name: "one", err: ErrType, wantOne: 1},
		{name: "many", want: 2, wantError: ErrType},
		{name: "empty", want: 0, wantError: ErrType},
		{name: "null", err: ErrType, wantError: ErrType},
		{name: "with null", err: ErrType, wantError: ErrType},
		{name: "mixed", err: ErrType, wantError: ErrType},
		{name: "string", err: ErrType, wantError: ErrType},
		{name: "absent", err: ErrMissing, wantError: ErrMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			many, err := object.Objects(test.name)
			if len(many) != test.want || !errors.Is(err, test.err) {
				t.Errorf("Objects: got %d, %v, want %d, %v", len(many), err, test.want, test.err)
			}
			one, err := object.Object(test.name)
			if len(one) != test.wantOne || !errors.Is(err, test.wantError) {
				t.Errorf("Object: got %d, %v, want %d, %v", len(one), err, test.wantOne, test.wantError)
			}
		})
	}
}

// An Object that Parse has not made may hold anything, as that of a test or of a stored record.
func TestAccessorsOfMalformedValues(t *testing.T) {
	for _, raw := range []string{"", `"`, `"a`, `"a"b"`, " 1", "+1", "01", "[", "[1", "{", `{"a"}`, "nul"} {
		object := Object{"m": []byte(raw)}
		_, str := object.String("m")
		_, list := object.Strings("m")
		_, integer := object.Int("m")
		_, boolean := object.Bool("m")
		_, one := object.Object("m")
		_, many := object.Objects("m")
		for accessor, err := range map[string]error{"String": str, "Strings": list, "Int": integer, "Bool": boolean,
			"Object": one, "Objects": many} {
			if !errors.Is(err, ErrType) {
				t.Errorf("%s of %q: got %v, want %v", accessor, raw, err, ErrType)
			}
		}
	}
}

func TestErrorsNameTheMember(t *testing.T) {
	object := parsed(t, `{"aud":["a",2],"exp":"secret"}`)
	_, err := object.Strings("aud")
	if got, want := message(err), "aud/1 has the wrong type: want a string"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = object.Int("exp")
	if got, want := message(err), "exp has the wrong type: want an integer"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = object.Object("cnf")
	if got, want := message(err), "cnf is missing"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
