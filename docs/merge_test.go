package docs_test

import (
	"testing"

	"github.com/goccy/go-yaml"
)

// add puts the keys of a fragment over those of a whole file: objects key by key, routes by their names. What stands in
// the fragment is taken as a whole, so that the reader sees a fragment as the page has it.
func add(t *testing.T, whole, fragment string) string {
	t.Helper()
	base, over := decode(t, whole), decode(t, fragment)
	for key, value := range over {
		object, ok := base[key].(map[string]any)
		more, also := value.(map[string]any)
		switch {
		case key == "routes":
			base[key] = addRoutes(base[key].([]any), value.([]any))
		case ok && also:
			for name, part := range more {
				object[name] = part
			}
		default:
			base[key] = value
		}
	}
	text, err := yaml.Marshal(base)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func addRoutes(routes, more []any) []any {
	for _, route := range more {
		replaced := false
		for i := range routes {
			if name(routes[i]) == name(route) {
				routes[i], replaced = route, true
			}
		}
		if !replaced {
			routes = append(routes, route)
		}
	}
	return routes
}

func name(route any) any { return route.(map[string]any)["name"] }

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.UnmarshalWithOptions([]byte(text), &values, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return values
}
