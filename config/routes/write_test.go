package routes_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// content is what a file says, without where it says so.
func content(f *routes.File) routes.File {
	plain := routes.File{}
	from, to := reflect.ValueOf(f).Elem(), reflect.ValueOf(&plain).Elem()
	for i := range from.NumField() {
		if key := from.Type().Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			to.Field(i).Set(from.Field(i))
		}
	}
	return plain
}

func TestWriteIsReadAgain(t *testing.T) {
	_, dir := source(t)
	for _, name := range []string{"routes.yaml", "full.yaml"} {
		file := read(t, name)
		text, err := routes.Write(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := routes.Parse(name, text, dir)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if !reflect.DeepEqual(content(file), content(again)) {
			t.Errorf("%s: have\n%+v\nwant\n%+v", name, content(again), content(file))
		}
		if second, err := routes.Write(again); err != nil || string(second) != string(text) {
			t.Errorf("%s is written otherwise the second time: %v\n%s", name, err, second)
		}
	}
}

func TestWriteSpellsDefaultsOut(t *testing.T) {
	text, err := routes.Write(read(t, "routes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "defaults.yaml")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("have\n%s\nwant\n%s", text, want)
	}
}

func TestWriteRefusesWhatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*routes.File)
		want   string
	}{
		{"line break", func(f *routes.File) { f.Audiences[0] = "a\nb" }, "must be a text of 1 to 1024 characters"},
		{"half a millisecond", func(f *routes.File) { f.Tokens.Lifetime = 1500 * time.Microsecond }, "must be a time with its unit"},
		{"too long", func(f *routes.File) { f.Routes[0].Timeout = 25 * time.Hour }, "must be a time with its unit"},
		{"too many", func(f *routes.File) { f.Edge.MaxHeaders = 2_000_000 }, "must be a whole number from 1 to 1000000"},
		{"an invalid word", func(f *routes.File) { f.Routes[0].Facts = "some" }, "must be one of signed, headers, none"},
	} {
		file := read(t, "routes.yaml")
		c.change(file)
		if _, err := routes.Write(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v, want %s", c.name, err, c.want)
		}
	}
}

// What YAML would read as something else is quoted.
func TestWriteQuotes(t *testing.T) {
	_, dir := source(t)
	for _, word := range []string{"true", "No", "null", "~", "1.10", "0010", "1e3", "a: b", "a #b", "[a]", "é \u00a0 \u2028 \U0001f600", "*a", "&a", "'", `"\`, " ", "-", "0x1", ".inf", "2001-01-01", "<<", "=", "12:30:45"} {
		file := read(t, "routes.yaml")
		file.Audiences = []string{word}
		text, err := routes.Write(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := routes.Parse("routes.yaml", text, dir)
		if err != nil || again.Audiences[0] != word {
			t.Errorf("%q: have %v", word, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]routes.Size{"1B": 1, "512B": 512, "1KiB": 1 << 10, "1025B": 1025, "64GiB": 64 << 30, "3MiB": 3 << 20} {
		var have routes.Size
		if err := have.UnmarshalText([]byte(text)); err != nil || have != want || have.String() != text {
			t.Errorf("%s: have %s, %v", text, have, err)
		}
	}
	for _, text := range []string{"", "B", "1", "1KB", "-1B", "99999999999999999999B"} {
		if err := new(routes.Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]routes.Rate{"10/s": {Count: 10, Period: time.Second}, "600/m": {Count: 600, Period: time.Minute}, "1/h": {Count: 1, Period: time.Hour}} {
		var have routes.Rate
		if err := have.UnmarshalText([]byte(text)); err != nil || have != want || have.String() != text {
			t.Errorf("%s: have %s, %v", text, have, err)
		}
	}
	for _, text := range []string{"", "10", "10/d", "0/s", "-1/s", "10/", "/s", "9999999/s"} {
		if err := new(routes.Rate).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
