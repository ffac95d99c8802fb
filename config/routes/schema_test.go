package routes_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// shape says whether the problems are ones that a schema can know of: none, or some that are about the form of a value.
func shape(problems yamlfile.Problems) (mustRefuse, mayRefuse bool) {
	for _, problem := range problems {
		class, _, _ := strings.Cut(problem.ID, ".")
		mustRefuse = mustRefuse || class == "key" || class == "value"
	}
	return mustRefuse, len(problems) > 0
}

// agree compares what reader and schema say of one text.
func agree(t *testing.T, schema *jsonschema.Schema, name, text, dir string) (refused bool) {
	t.Helper()
	problems := parse(t, text, dir)
	if slices.ContainsFunc(problems, func(p *yamlfile.Problem) bool { return strings.HasPrefix(p.ID, "yaml.") }) {
		return true // the text is not one that a schema gets to see
	}
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	err := schema.Validate(document)
	must, may := shape(problems)
	if err == nil && must {
		t.Errorf("%s: the reader refuses it, and not the schema: %v", name, problems)
	}
	if err != nil && !may {
		t.Errorf("%s: the schema refuses it, and not the reader: %v", name, err)
	}
	return err != nil
}

func TestSchemaAgreesOnRefusals(t *testing.T) {
	schema := testkit.Schema(t, routes.Schema())
	for _, table := range [][]refusal{badForm, badParts, badRoutes, several} {
		for _, c := range table {
			text, dir := c.edited(t)
			agree(t, schema, c.name, text, dir)
		}
	}
	for _, name := range []string{"routes.yaml", "full.yaml", "defaults.yaml"} {
		text, err := routes.Write(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		_, dir := source(t)
		if agree(t, schema, name, string(text), dir) {
			t.Errorf("%s is refused", name)
		}
	}
}

// types stand in a mutation for each value: one of every type.
var types = []any{
	nil, true, 0, 1, 4, -1, 1.5, 1_000_000, 1_000_001, "", " ", "x", "X", "x-1", "-x", "a b", "a\nb", "0", "1.2", "true", []any{}, []any{"x"}, []any{"x", "x"},
	[]any{nil}, []any{1}, []any{[]any{"x"}}, map[string]any{}, map[string]any{"x": "y"}, map[string]any{"x": map[string]any{}}, map[string]any{"X": nil}, []any{map[string]any{}},
}

// texts stand for each text: the edges of every kind.
var texts = []any{
	"https://a", "https://A", "https://a/b?c", "https://a:1/b", "http://a", "https://a:", "https://[::1]:1", "https://a-/", "1s", "0s", "1.5s", "100000000s", "1h1m1s", "1us", "25h",
	"1B", "01B", "1K", "1GiB", "1000000000KiB", "1/s", "0/s", "1/d", "1000000/s", "/", "/a", "/a/", "/a//b", "/a/./b", "/a/../b", "/a/.../b", "/a/.b/..b", "/{A}", "/{1}", "/{A}b", "/{A}/{A}", "/a%20",
	"/a?b", "unix:a", "unix:", "unix:@a", "a:1", "a:65536", "a:0", ":1", "[::1]:1", "127.0.0.1:1", "127.0.0.1", "999.0.0.1:1", "GET", "get", "certificate", "PISP", "required", "registration", "signed",
	strings.Repeat("a", 64), strings.Repeat("a", 65), "/" + strings.Repeat("a", 1023), "/" + strings.Repeat("a", 1024), "ä", "a\u0000b", "\u007f", `a"b`, `a\b`, "a!#~",
}

// One mutation in eight is tried, the same ones each time; with DCR_TEST_WHOLE set, all of them, which takes half a minute.
func TestSchemaAgreesOnMutations(t *testing.T) {
	t.Parallel()
	text, dir := source(t)
	m := mutation{seen: map[string]bool{}}
	if err := yaml.Unmarshal([]byte(text), &m.document); err != nil {
		t.Fatal(err)
	}
	all := m.document.(map[string]any)
	all["routes"] = slices.Delete(all["routes"].([]any), 1, 4) // what is left has every key
	schema, count, tried, refused, whole := testkit.Schema(t, routes.Schema()), 0, 0, 0, os.Getenv("DCR_TEST_WHOLE") != ""
	m.try = func(what string) {
		count++
		if sum := fnv.New32a(); !whole {
			_, _ = sum.Write([]byte(what))
			if sum.Sum32()%8 != 0 {
				return
			}
		}
		tried++
		changed, err := json.Marshal(m.document) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		if agree(t, schema, what, string(changed), dir) {
			refused++
		}
	}
	m.each(m.document, "", "")
	if count < 2500 || tried < 250 || refused < tried/2 {
		t.Errorf("of %d mutations %d were tried, and %d refused: there should be more", count, tried, refused)
	}
}

// A mutation changes a document in one place after the other, and restores it: each key is taken out, misspelt and given
// other values; so is each item of a list.
type mutation struct {
	document any
	seen     map[string]bool // what has had all other values
	try      func(what string)
}

func (m *mutation) each(node any, where, key string) {
	switch node := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			m.key(node, where, key)
		}
	case []any:
		for i, value := range node {
			at := fmt.Sprintf("%s[%d]", where, i)
			m.replace(at, key+"[]", value, func(other any) { node[i] = other })
			node[i] = value
			m.each(value, at, "")
		}
	}
}

func (m *mutation) key(node map[string]any, where, key string) {
	value, at := node[key], where+"."+key
	delete(node, key)
	m.try(at + " is left out")
	for _, other := range []string{key + "x", strings.ToUpper(key), "1", "a.b"} {
		node[other] = value
		m.try(at + " is called " + other)
		delete(node, other)
	}
	m.replace(at, key, value, func(other any) { node[key] = other })
	node[key] = value
	m.each(value, at, key)
}

// replace puts values of other types and other texts in the place of a key's; and a few of them where a text of the same
// form, which differs in its digits alone, or a key of the same name has had them all.
func (m *mutation) replace(at, key string, value any, put func(any)) {
	values := types
	if text, ok := value.(string); ok {
		key, values = "a text such as "+strings.Trim(text, "0123456789"), slices.Concat(types, texts)
	}
	if m.seen[key] {
		values = []any{nil, true, 1, "x", []any{"x"}, map[string]any{"x": "y"}}
	}
	m.seen[key] = true
	for _, other := range values {
		put(other)
		m.try(fmt.Sprintf("%s is %#v", at, other))
	}
}

func TestSchemaHelpsEditors(t *testing.T) {
	var schema struct {
		Schema     string `json:"$schema"`
		ID         string `json:"$id"`
		Properties map[string]struct{ Description string }
		Defs       map[string]struct {
			Properties map[string]struct {
				Description string
				Default     any
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(routes.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Schema != "https://json-schema.org/draft/2020-12/schema" || schema.ID != "urn:dcr-gateway:routes" || len(schema.Properties) != 14 {
		t.Errorf("have %s %s, %d properties", schema.Schema, schema.ID, len(schema.Properties))
	}
	for name, property := range schema.Properties {
		if property.Description == "" {
			t.Errorf("%s is not described", name)
		}
	}
	for at, want := range map[string]any{"Upstream.timeout": "10s", "Upstream.retries": nil, "Route.facts": "signed", "Route.token": false, "Edge.max_headers": 64.0, "Route.timeout": nil} {
		definition, key, _ := strings.Cut(at, ".")
		if have := schema.Defs[definition].Properties[key]; have.Default != want || have.Description == "" {
			t.Errorf("%s: have %+v, want %v", at, have, want)
		}
	}
}
