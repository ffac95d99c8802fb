package routes_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A refusal is a file that is not taken: testdata/full.yaml, in which one text stands for another.
type refusal struct {
	name, from, to string
	want           []string // every problem: id line:column path
}

// source returns the text of testdata/full.yaml and its folder.
func source(t testing.TB) (text, dir string) {
	t.Helper()
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.Abs("testdata"); err != nil {
		t.Fatal(err)
	}
	return string(full), dir
}

// edited returns the text of the refusal.
func (r refusal) edited(t testing.TB) (text, dir string) {
	t.Helper()
	full, dir := source(t)
	if text = strings.Replace(full, r.from, r.to, 1); text == full {
		t.Fatalf("%s: %q is not in the file", r.name, r.from)
	}
	return text, dir
}

// parse returns what Parse finds wrong with a text.
func parse(t testing.TB, text, dir string) yamlfile.Problems {
	t.Helper()
	_, err := routes.Parse("routes.yaml", []byte(text), dir)
	problems, ok := errors.AsType[yamlfile.Problems](err)
	if err != nil && !ok {
		t.Fatalf("the error is a %T", err)
	}
	return problems
}

func TestParseRefuses(t *testing.T) {
	produced := map[string]bool{}
	for _, c := range tooMuch("") {
		produced[c.want] = true
	}
	delete(produced, "")
	for _, table := range [][]refusal{notYAML, badForm, badParts, badRoutes, several} {
		for _, c := range table {
			text, dir := c.edited(t)
			var have []string
			for _, problem := range parse(t, text, dir) {
				produced[problem.ID] = true
				have = append(have, strings.TrimSpace(fmt.Sprintf("%s %d:%d %s", problem.ID, problem.Line, problem.Column, problem.Where)))
			}
			if !slices.Equal(have, c.want) {
				t.Errorf("%s: have %q, want %q", c.name, have, c.want)
			}
		}
	}
	for _, rule := range routes.Rules() {
		if !produced[rule.ID] {
			t.Errorf("no file of this test breaks the rule %s", rule.ID)
		}
		delete(produced, rule.ID)
	}
	for id := range produced {
		t.Errorf("%s is not in the table of rules", id)
	}
}

// tooMuch are texts that no editor has written, with the ids of what is wrong with them.
func tooMuch(full string) []struct{ name, text, want string } {
	const some = 1 << 13
	return []struct{ name, text, want string }{
		{"nothing", "", "yaml.empty"},
		{"comments alone", "# nothing\n---\n# nothing\n", "yaml.empty"},
		{"8 MiB", full + strings.Repeat("#", 8<<20-len(full)), ""},
		{"one byte more", full + strings.Repeat("#", 8<<20-len(full)+1), "yaml.size"},
		{"words", "edge: [" + strings.Repeat("a,", 1<<20) + "]", "yaml.size"},
		{"brackets", "issuer: " + strings.Repeat("[", some), "yaml.depth"},
		{"braces", "issuer: " + strings.Repeat("{a: ", some), "yaml.depth"},
		{"dashes", strings.Repeat("- ", some), "yaml.depth"},
		{"question marks", strings.Repeat("? ", some), "yaml.depth"},
		{"keys", strings.Repeat("a: b\n", some), "yaml.keys"},
		{"complex keys", strings.Repeat("? a\n", some), "yaml.keys"},
		{"keys in a list", "[" + strings.Repeat("a: b\n", some), "yaml.keys"},
		{"values", strings.Repeat("a: ", some), "yaml.keys"},
		{"a long key", strings.Repeat("a", some) + ": {a: {a: {a: b}}}", "yaml.keys"},
		{"anchors", strings.Repeat("&a ", some), "yaml.alias"},
		{"tags", strings.Repeat("! ", some), "yaml.alias"},
		{"nothing in an object", "edge: {" + strings.Repeat("a,", some) + "}", "value.missing"},
		{"nothing in objects", "edge: [" + strings.Repeat("{a:},", some) + "]", "value.missing"},
		{"nothing in a list", strings.Repeat("-\n", some), "value.missing"},
		{"nothing of keys", strings.Repeat("- a:\n", some), "value.missing"},
		{"nothing of lists", strings.Repeat("- b:\n  a:\n", some), "value.missing"},
		{"documents", strings.Repeat("---\na\n", some), "yaml.documents"},
		{"aliases", strings.Repeat("*a ", some), "yaml.syntax"},
	}
}

func TestParseRefusesTooMuch(t *testing.T) {
	t.Parallel()
	full, dir := source(t)
	for _, c := range tooMuch(full) {
		if have := ids(parse(t, c.text, dir)); have != c.want {
			t.Errorf("%s: have %q, want %q", c.name, have, c.want)
		}
	}
}

func ids(problems yamlfile.Problems) string {
	var all []string
	for _, problem := range problems {
		all = append(all, problem.ID)
	}
	return strings.Join(all, " ")
}

// Aliases cannot make a small file hold more than a large one.
func TestParseRefusesExpansion(t *testing.T) {
	text, dir := source(t)
	var scopes strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&scopes, " s%d,", i)
	}
	text = strings.Replace(text, "scopes: [payments,", "scopes: &many [payments,"+scopes.String(), 1)
	for i := range 20 {
		text += fmt.Sprintf("  - {name: more-%d, path: /more-%d, methods: [GET], checks: [certificate, bearer, scope], upstream: bank, scopes: *many}\n", i, i)
	}
	if have := ids(parse(t, text, dir)); have != "yaml.alias" {
		t.Errorf("have %s", have[:min(len(have), 100)])
	}
}
