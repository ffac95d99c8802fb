package docs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const reference = "routes.md"

var update = flag.Bool("update", false, "write the pages that are made from the code")

// object is a part of the schema: an object with its keys, or what a key may be.
type object struct {
	Properties  map[string]object `json:"properties"`
	Required    []string          `json:"required"`
	Ref         string            `json:"$ref"`
	Description string            `json:"description"`
	Default     any               `json:"default"`
	Enum        []any             `json:"enum"`
	Type        any               `json:"type"` // a name, or a list of them
	Items       *object           `json:"items"`
	Values      json.RawMessage   `json:"additionalProperties"`
	AnyOf       []object          `json:"anyOf"`
	Defs        map[string]object `json:"$defs"`
}

// parts are the objects in the order in which the page explains them, with what each is called in the file.
var parts = []struct{ def, title string }{
	{"", "The file"}, {"Listener", "`listeners.NAME`"}, {"Certificate", "`listeners.NAME.certificates[]`"}, {"Upstream", "`upstreams.NAME`"},
	{"UpstreamTLS", "`upstreams.NAME.tls`"}, {"Health", "`upstreams.NAME.health`"}, {"Route", "`routes[]`"}, {"Plan", "`plans.NAME`"},
	{"RateLimitService", "`rate_limit_service`"}, {"Edge", "`edge`"}, {"Tokens", "`tokens`"},
}

const head = `# routes.yaml

This page lists every key of the file. Any other key is an error: the message has its line and suggests the nearest key.
` + "`dcr-gateway routes schema`" + ` writes a JSON Schema, with which editors complete and check the file:

` + "```yaml\n# yaml-language-server: $schema=routes.schema.json\n```" + `

` + "`dcr-gateway routes render --defaults FILE`" + ` prints a file with all defaults. File names are relative to the folder of
routes.yaml. Durations are written as 90s, 5m or 500ms, sizes as 64KiB or 1MiB, rates as 10/s, 600/m or 1000/h.
[lint.md](lint.md) explains every error and warning. [from-an-api-manager.md](from-an-api-manager.md) maps each step of
an API manager to its lines here.
` + "`go test ./docs -update`" + ` generates this page from the model that the gateway reads with.
`

// The page is generated from the schema, which has every key.
func TestReference(t *testing.T) {
	var schema object
	if err := json.Unmarshal(routes.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	page.WriteString(head)
	for _, part := range parts {
		what := schema
		if part.def != "" {
			what = schema.Defs[part.def]
			delete(schema.Defs, part.def)
		}
		fmt.Fprintf(&page, "\n## %s\n\n| key | meaning | value | default |\n|---|---|---|---|\n", part.title)
		for _, key := range slices.Sorted(maps.Keys(what.Properties)) {
			value := what.Properties[key]
			fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", key, value.Description, form(schema.Defs, value), preset(what, key))
		}
	}
	page.WriteString(endpoints())
	page.WriteString(checks())
	for name, def := range schema.Defs {
		if len(def.Properties) > 0 {
			t.Errorf("the page does not explain %s", name)
		}
	}
	holdPage(t, reference, page.Bytes())
}

// holdPage fails if a page differs from what the code generates; with -update it writes the page.
func holdPage(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if textOf(t, name) != string(want) {
		t.Errorf("%s is not up to date: go test ./docs -update", name)
	}
}

// endpoints is the table of the endpoints.
func endpoints() string {
	var table strings.Builder
	table.WriteString("\n## Endpoints\n\nThe registry serves these endpoints. A route names one endpoint, one or more of its methods, and at least these checks.\n\n" +
		"| endpoint | what it does | method | checks |\n|---|---|---|---|\n")
	for _, endpoint := range routes.Endpoints {
		for _, method := range slices.Sorted(maps.Keys(endpoint.Methods)) {
			checks := "none: it is public"
			if needed := endpoint.Methods[method]; len(needed) > 0 {
				checks = "`" + strings.Join(needed, "`, `") + "`"
			}
			fmt.Fprintf(&table, "| `%s` | %s | `%s` | %s |\n", endpoint.Name, endpoint.Doc, method, checks)
		}
	}
	return table.String()
}

// checks is the table of the checks.
func checks() string {
	var table strings.Builder
	table.WriteString("\n## Checks\n\nThe gate runs them in this order, in whatever order a route names them.\n\n" +
		"| check | what it proves | what it requires of the route | keys that only work with it |\n|---|---|---|---|\n")
	for _, check := range routes.Checks {
		var needs []string
		for _, need := range check.Needs {
			needs = append(needs, "the check `"+need+"`")
		}
		for _, other := range check.Without {
			needs = append(needs, "no check `"+other+"`")
		}
		if check.Key != "" {
			needs = append(needs, "`"+check.Key+"`")
		}
		if check.Segment != "" {
			needs = append(needs, "`{"+check.Segment+"}` in its path")
		}
		if check.Endpoint != "" {
			needs = append(needs, "`endpoint: "+check.Endpoint+"`")
		}
		only := slices.DeleteFunc(append([]string{check.Key}, check.Only...), func(key string) bool { return key == "" })
		if len(only) > 0 {
			only = []string{"`" + strings.Join(only, "`, `") + "`"}
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", check.Name, check.Doc, strings.Join(needs, ", "), strings.Join(only, ""))
	}
	return table.String()
}

// form says what a value may be, in a few words.
func form(defs map[string]object, value object) string {
	var values object
	_ = json.Unmarshal(value.Values, &values) // false, where there is none
	name := strings.TrimPrefix(value.Ref, "#/$defs/")
	def := defs[name]
	switch {
	case value.Items != nil:
		return "a list: " + form(defs, *value.Items)
	case len(value.AnyOf) > 0:
		return form(defs, value.AnyOf[0]) + ", or a list"
	case values.Ref == "#/$defs/json":
		return "a map: names to any values"
	case values.Ref != "":
		return "a map by name, see below"
	case len(def.Enum) > 0:
		var words []string
		for _, word := range def.Enum {
			words = append(words, fmt.Sprintf("`%v`", word))
		}
		return strings.Join(words, ", ")
	case name != "" && strings.ToUpper(name[:1]) == name[:1]:
		return "see below"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// preset is the default of a key, or whether it is required.
func preset(of object, key string) string {
	if value := of.Properties[key].Default; value != nil {
		return fmt.Sprintf("`%v`", value)
	}
	if slices.Contains(of.Required, key) {
		return "required"
	}
	return ""
}
