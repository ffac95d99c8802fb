package yamlfile_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// shop is the model of the files of these tests.
type shop struct {
	Extends string            `yaml:"extends" is:"text"`
	Name    string            `yaml:"name" is:"name,required" doc:"what it is called"`
	Wait    time.Duration     `yaml:"wait" is:"wait,required"`
	Owner   owner             `yaml:"owner" is:"required"`
	Open    bool              `yaml:"open" is:"bool"`
	Places  int               `yaml:"places" is:"count"`
	Notes   []string          `yaml:"notes" is:"text"`
	Days    []string          `yaml:"days" is:"day,required"`
	Prices  map[string]string `yaml:"prices" is:"price"`
	Labels  labels            `yaml:"labels" is:"json"`
	Goods   map[string]*good  `yaml:"goods" keys:"good" is:"merged"`
	hours   `yaml:",inline"`
}

type labels map[string]yamlfile.JSON

type owner struct {
	First string `yaml:"first" is:"text,required"`
	Last  string `yaml:"last" is:"text"`
}

type good struct {
	Price   string   `yaml:"price" is:"price,required"`
	Colours []string `yaml:"colours" is:"text"`
}

type hours struct {
	Hours string `yaml:"hours" is:"text" doc:"when it is open"`
}

var kinds = map[string]*yamlfile.Kind{
	"name":  yamlfile.Formed("a name", 16, `[a-z]+`),
	"text":  yamlfile.Formed("a text", 16, `[^\x00-\x1f\x7f]+`),
	"good":  yamlfile.Formed("a good", 16, `[a-z_]+`),
	"price": yamlfile.Formed("a price", 16, `[0-9.]*`),
	"wait":  yamlfile.Formed("a time", 16, `[0-9]+[smh]`).Within(time.Second, time.Hour),
	"day":   yamlfile.OneOf("monday", "friday").Also("sunday"),
	"count": yamlfile.Whole(0, 9),
	"bool":  yamlfile.Bool(),
	"json":  yamlfile.AnyJSON(),
}

// shops makes a library of files, by name, beside the ones that are always there.
func shops(files map[string]string) *yamlfile.Library[shop] {
	shipped := fstest.MapFS{}
	for name, text := range files {
		shipped[name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return &yamlfile.Library[shop]{
		Grammar: yamlfile.New(reflect.TypeFor[shop](), kinds, yamlfile.Options{Bytes: 4 << 10, Tokens: 1 << 9, Loose: true}),
		Files:   shipped, ID: "shop.invalid",
		Finish: func(c *yamlfile.Check, s, base *shop) {
			if s.Open && s.Hours == "" {
				c.Add("shop.invalid", "hours", "must be there, for open")
			}
			if base.Name != "" && s.Name == base.Name {
				c.Add("shop.invalid", "name", "must not be %s", base.Name)
			}
		},
	}
}

const corner = `name: corner
wait: 5m
owner: {first: Ann, last: Lee}
notes: [a, b]
days: [monday]
prices: {tea: "1"}
goods:
  tea: {price: "1", colours: [green]}
  red_wine: {price: "9"}
hours: 9 to 5
`

// said are the problems of a check, in short.
func said(c *yamlfile.Check) string {
	var all []string
	for _, p := range c.Problems() {
		all = append(all, fmt.Sprintf("%s %d:%d %s", p.ID, p.Line, p.Column, p.Where))
	}
	return strings.Join(all, ", ")
}

func TestReadIsLoose(t *testing.T) {
	text := strings.NewReplacer("Ann", "1.10", "last: Lee", `last: ""`, "[a, b]", "[]", "hours: 9 to 5", "hours:", `tea: "1"`, "tea:, coffee: 2", "[green]", "[yes, true, yes]").Replace(corner)
	have, c := shops(nil).Read("mine.yaml", []byte(text+"open: ~\nextends:\n"))
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	want := shop{
		Name: "corner", Wait: 5 * time.Minute, Owner: owner{First: "1.10"}, Days: []string{"monday"}, Prices: map[string]string{"tea": "", "coffee": "2"},
		Goods: map[string]*good{"tea": {Price: "1", Colours: []string{"yes", "true", "yes"}}, "red_wine": {Price: "9"}},
	}
	if !reflect.DeepEqual(*have, want) {
		t.Errorf("have %+v", have)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"what is required, without a value", "name: corner", "name:", "value.missing 1:6 name"},
		{"what is required, empty", "Ann", `""`, "value.form 3:16 owner.first"},
		{"a list that is required, empty", "[monday]", "[]", "value.empty 5:7 days"},
		{"an empty text in a list", "[a, b]", `[a, ""]`, "value.form 4:12 notes[1]"},
		{"no value in a list", "[a, b]", "[a, ~]", "value.missing 4:12 notes[1]"},
		{"an object without a value", `  red_wine: {price: "9"}`, "  red_wine:", "value.missing 9:12 goods.red_wine"},
		{"a name of another form", "red_wine", "red-wine", "key.name 9:3 goods.red-wine"},
		{"a text for a number", "hours:", "places: \"3\"\nhours:", "value.type 10:9 places"},
		{"a time that is too long", "5m", "2h", "duration.range 2:7 wait"},
		{"two keys at once", "hours: 9 to 5", "notez: a\ncolour: red", "key.unknown 10:1 notez, key.unknown 11:1 colour"},
		{"a contradiction", "hours: 9 to 5", "open: true", "shop.invalid 0:0 hours"},
		{"a contradiction with a key that is misspelt", "hours: 9 to 5", "open: true\nhour: 1", "key.unknown 11:1 hour"},
		{"an anchor", "Ann", "&a Ann", "yaml.alias 3:16 "},
		{"an alias", "Ann", "*a", "yaml.alias 3:16 owner.first"},
		{"a tag", "Ann", "!!str Ann", "yaml.alias 3:16 "},
		{"a merge", "goods:", "<<: {open: true}\ngoods:", "yaml.merge 7:1 "},
		{"another document", "goods:", "---\ngoods:", "yaml.documents 7:1 "},
	} {
		text := strings.Replace(corner, c.old, c.new, 1)
		_, check := shops(nil).Read("mine.yaml", []byte(text))
		if have := said(check); have != c.want {
			t.Errorf("%s: have %q, want %q", c.name, have, c.want)
		}
	}
}

// A value of any form is read as JSON has it, and written as the same value.
func TestAnyJSON(t *testing.T) {
	type free struct {
		Labels labels `yaml:"labels" is:"json"`
	}
	grammar := yamlfile.New(reflect.TypeFor[free](), kinds, yamlfile.Options{Bytes: 1 << 10, Tokens: 1 << 9})
	read := new(free)
	text := "labels:\n  a: b\n  c: [1, -2, true, [x], {d: \"true\", e: [f]}]\n  g:\n    h: i\n"
	if err := grammar.Read("a.yaml", []byte(text), read).Err(); err != nil {
		t.Fatal(err)
	}
	want := labels{"a": `"b"`, "c": `[1,-2,true,["x"],{"d":"true","e":["f"]}]`, "g": `{"h":"i"}`}
	if !reflect.DeepEqual(read.Labels, want) {
		t.Errorf("have %v", read.Labels)
	}
	written, err := grammar.Write(read)
	again := new(free)
	if err != nil || grammar.Read("b.yaml", written, again).Err() != nil || !reflect.DeepEqual(again.Labels, want) {
		t.Errorf("written as %s, %v", written, err)
	}
	for text, want := range map[string]string{
		"labels: {a: ~}":               "value.missing 1:13 labels.a",
		"labels: {a: [b, ~]}":          "value.missing 1:17 labels.a[1]",
		"labels: {a: 1.5}":             "value.type 1:13 labels.a",
		"labels: {a: 0x10}":            "number.form 1:13 labels.a",
		"labels: {a: {b: 1, b: 2}}":    "yaml.duplicate 1:20 labels.a.b",
		"labels: {a: -----BEGIN KEY-}": "secret.inline 1:13 labels.a",
	} {
		if have := said(grammar.Read("a.yaml", []byte(text), new(free))); have != want {
			t.Errorf("%s: have %s, want %s", text, have, want)
		}
	}
}

// What would end the process, or take hours, is refused before it is parsed.
func TestReadIsBounded(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"bytes", "name: " + strings.Repeat("a", 4<<10), "yaml.size"},
		{"tokens", "days:\n" + strings.Repeat("- a\n", 300), "yaml.size"},
		{"brackets", "name: " + strings.Repeat("[", 400), "yaml.depth"},
		{"nothing", "", "yaml.empty"},
		{"a long key", strings.Repeat("k", 129) + ": a", "yaml.keys"},
		{"aliases", "days: [&a [x], " + strings.Repeat("&a [*a, *a], ", 9) + "]", "yaml.alias"},
		{"not UTF-8", "name: \xff", "yaml.syntax"},
	} {
		_, check := shops(nil).Read("mine.yaml", []byte(c.text))
		if problems := check.Problems(); len(problems) != 1 || problems[0].ID != c.want || check.Whole() {
			t.Errorf("%s: have %v, want %s", c.name, problems, c.want)
		}
	}
}

func TestExtends(t *testing.T) {
	library := shops(map[string]string{
		"corner": corner,
		"night":  "extends: corner\nname: night\nowner: {last: Poe}\nnotes: [c]\ngoods: {tea: {price: \"2\"}}\n",
		"wrong":  "extends: corner\nname: corner\n",
		"round":  "extends: trip\nname: a\n", "trip": "extends: round\nname: b\n",
	})
	have, c := library.Read("mine.yaml", []byte("extends: night\nname: mine\nopen: true\nnotes: []\nwait:\ngoods: {gin: {price: \"3\"}}\n"))
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	want := shop{
		Extends: "night", Name: "mine", Wait: 5 * time.Minute, Owner: owner{First: "Ann", Last: "Poe"}, Open: true, Days: []string{"monday"},
		Prices: map[string]string{"tea": "1"}, Goods: map[string]*good{"tea": {Price: "2"}, "red_wine": {Price: "9"}, "gin": {Price: "3"}}, hours: hours{"9 to 5"},
	}
	if !reflect.DeepEqual(*have, want) {
		t.Errorf("have %+v", have)
	}
	delete(have.Goods, "tea")
	if again, _ := library.Shipped("night"); again.Goods["tea"] == nil || library.Names()[0] != "corner" {
		t.Error("what was read shares something with what is shipped")
	}
	for _, c := range []struct{ name, text, want string }{
		{"what there is not, and a key that is misspelt", "extends: cornr\nopne: true\n",
			"1:10: error: extends: there is no cornr; there are corner, night, round, trip, wrong; did you mean corner? [shop.invalid]"},
		{"a path", "extends: ../corner\n", "extends: there is no ../corner"},
		{"each other", "extends: round\n", "extends: more than 8 files extend one another"},
		{"one that is wrong", "extends: wrong\n", "extends: wrong.yaml:2:7: error: name: must not be corner"},
		{"a key that is required, and not there anew", "extends: corner\nname: mine\ngoods: {gin: {}}\n", "goods.gin.price: the key price is missing"},
	} {
		_, check := library.Read("mine.yaml", []byte(c.text))
		if err := check.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v, want %s", c.name, err, c.want)
		}
	}
}

// A key extends that a model does not have changes nothing about what is required.
func TestExtendsIsOfTheModel(t *testing.T) {
	type plain struct {
		Name string `yaml:"name" is:"name,required"`
	}
	grammar := yamlfile.New(reflect.TypeFor[plain](), kinds, yamlfile.Options{Bytes: 1 << 10, Tokens: 1 << 9})
	if have, want := said(grammar.Read("a.yaml", []byte("extends: b"), new(plain))), "key.unknown 1:1 extends, key.missing 1:1 name"; have != want {
		t.Errorf("have %s, want %s", have, want)
	}
}

// Whatever the text is, it is read or refused, and a problem is at a line that the text has.
func FuzzRead(f *testing.F) {
	library := shops(map[string]string{"corner": corner})
	for _, text := range []string{corner, "extends: corner\nname: a\n", "days: [&a [x], *a]", "name: |\n a\n b\n", "? a\n: b\n", "goods: {a: {price: 1, colours: [~]}}\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read, check := library.Read("mine.yaml", text)
		for _, p := range check.Problems() {
			if p.ID == "" || p.What == "" || p.File == "" || p.Line > strings.Count(string(text), "\n")+1 {
				t.Errorf("this says too little: %+v", *p)
			}
		}
		if check.Err() == nil && (read.Name == "" || read.Owner.First == "" || !slices.Contains([]string{"monday", "friday", "sunday"}, read.Days[0])) {
			t.Errorf("read %+v", read)
		}
	})
}
