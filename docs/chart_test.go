package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const chart = "../charts/dcr-gateway/"

// chartValue is a value of the chart with the comment above it, and the values in it.
type chartValue struct {
	path, comment string
	value         any
	inside        []*chartValue
}

// chartValues reads values.yaml in its order.
func chartValues(t *testing.T) *chartValue {
	t.Helper()
	text, err := os.ReadFile(chart + "values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	comments := yaml.CommentMap{}
	var values yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &values, yaml.UseOrderedMap(), yaml.CommentToMap(comments)); err != nil {
		t.Fatal(err)
	}
	return newChartValue("", values, comments)
}

func newChartValue(path string, value any, comments yaml.CommentMap) *chartValue {
	v := &chartValue{path: path, value: value}
	for _, comment := range comments["$."+path] {
		if comment.Position == yaml.CommentHeadPosition {
			var lines []string
			for _, line := range comment.Texts {
				lines = append(lines, strings.TrimSpace(line))
			}
			v.comment = strings.Join(lines, " ")
		}
	}
	members, _ := value.(yaml.MapSlice)
	for _, member := range members {
		key := fmt.Sprint(member.Key)
		if path != "" {
			key = path + "." + key
		}
		v.inside = append(v.inside, newChartValue(key, member.Value, comments))
	}
	return v
}

// commented reports whether a value in v has a comment of its own.
func (v *chartValue) commented() bool {
	return slices.ContainsFunc(v.inside, func(in *chartValue) bool { return in.comment != "" || in.commented() })
}

// shown is the default as the page has it.
func (v *chartValue) shown(t *testing.T) string {
	t.Helper()
	text, err := yaml.MarshalWithOptions(v.value, yaml.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if shown := strings.TrimSpace(string(text)); len(shown) <= 90 {
		return "`" + shown + "`"
	}
	return "see values.yaml"
}

// rows are the lines of a table: one for each value that has a comment. A value without one belongs to the value around it.
func (v *chartValue) rows(t *testing.T, page *strings.Builder) {
	t.Helper()
	for _, in := range v.inside {
		if in.comment == "" {
			t.Errorf("values.yaml: %s has no comment above it", in.path)
		}
		standard := ""
		if !in.commented() {
			standard = in.shown(t)
		}
		fmt.Fprintf(page, "| `%s` | %s | %s |\n", in.path, strings.ReplaceAll(in.comment, "|", `\|`), standard)
		if in.commented() {
			in.rows(t, page)
		}
	}
}

const chartHead = `# dcr-gateway

A Helm chart (Helm 3 and 4) for Kubernetes 1.30 and newer: gateway pods with Envoy and its gate, and registry pods, with
mutual TLS between them. [docs/kubernetes.md](../../docs/kubernetes.md) has the installation, upgrades, and what each
group of values is for.

` + "```sh\nhelm install bank charts/dcr-gateway            # a trial\nhelm install bank charts/dcr-gateway -f bank.yaml   # see ci/bank.yaml\n```" + `

Values that are unknown, of the wrong type, or in contradiction are refused, with what to do. Further files in
` + "`ci/`" + ` are examples that every test run installs. ` + "`go test ./docs -run Chart -update`" + ` generates this page from values.yaml.
`

const chartTable = "\n| value | meaning | default |\n|---|---|---|\n"

// README.md of the chart has every value.
func TestChartValues(t *testing.T) {
	values := chartValues(t)
	var page, general, groups strings.Builder
	single := &chartValue{}
	for _, v := range values.inside {
		if !v.commented() {
			single.inside = append(single.inside, v)
			continue
		}
		fmt.Fprintf(&groups, "\n## `%s`\n\n%s\n%s", v.path, wrapped(v.comment), chartTable)
		v.rows(t, &groups)
	}
	single.rows(t, &general)
	page.WriteString(chartHead + "\n## General\n" + chartTable + general.String() + groups.String())
	holdPage(t, chart+"README.md", []byte(page.String()))
}

// wrapped breaks a text into lines.
func wrapped(text string) string {
	var page strings.Builder
	width := 0
	for word := range strings.FieldsSeq(text) {
		if width > 0 && width+1+len(word) > 118 {
			page.WriteByte('\n')
			width = 0
		}
		if width > 0 {
			page.WriteByte(' ')
			width++
		}
		page.WriteString(word)
		width += len(word)
	}
	return page.String()
}

// The schema knows every value and no other, and has its comment as the description.
func TestChartSchema(t *testing.T) {
	text, err := os.ReadFile(chart + "values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	s := chartSchema{t: t, definitions: schema["definitions"].(map[string]any), described: map[string]string{}}
	s.describe(schema, chartValues(t))
	s.closed("values", schema)
	for name, definition := range s.definitions {
		if about, _ := definition.(map[string]any)["description"].(string); about == "" {
			t.Errorf("values.schema.json does not describe %s", name)
		}
		s.closed("definitions."+name, definition)
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	holdPage(t, chart+"values.schema.json", written.Bytes())
}

type chartSchema struct {
	t           *testing.T
	definitions map[string]any
	described   map[string]string // what says it, by the place in the definitions
}

// resolve follows a reference to a definition.
func (s *chartSchema) resolve(node map[string]any) map[string]any {
	ref, _ := node["$ref"].(string)
	if ref == "" {
		return node
	}
	definition, _ := s.definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	if definition == nil {
		s.t.Errorf("values.schema.json: there is no %s", ref)
	}
	return definition
}

// describe gives each property of an object the comment of its value, and reports values and properties that are alone.
func (s *chartSchema) describe(node map[string]any, v *chartValue) {
	node = s.resolve(node)
	properties, _ := node["properties"].(map[string]any)
	for _, in := range v.inside {
		name := in.path[strings.LastIndex(in.path, ".")+1:]
		property, _ := properties[name].(map[string]any)
		if property == nil {
			property, _ = node["additionalProperties"].(map[string]any) // a map by name
		} else if in.comment != "" {
			property["description"] = in.comment
		}
		if property == nil {
			s.t.Errorf("values.schema.json does not know %s", in.path)
			continue
		}
		s.describe(property, in)
	}
}

// closed reports objects that take any key although their keys are ours.
func (s *chartSchema) closed(at string, node any) {
	switch node := node.(type) {
	case []any:
		for _, element := range node {
			s.closed(at, element)
		}
	case map[string]any:
		if properties, ok := node["properties"]; ok && node["additionalProperties"] != false && node["required"] == nil {
			s.t.Errorf("%s: %v: an object that takes any key", at, properties)
		}
		for key, value := range node {
			s.closed(at+"."+key, value)
		}
	}
}
