package routes_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

func TestGroups(t *testing.T) {
	file := &routes.File{}
	for _, r := range []struct{ listener, path, methods string }{
		{"a", "/x/{Id}", "PUT DELETE"}, {"a", "/x-y/z", "GET"}, {"b", "/x/1", "GET"}, {"a", "/x/1", "GET"},
		{"a", "/x/{Other}", "GET DELETE"}, {"a", "/x", "POST"}, {"a", "/{Any}", "GET"}, {"a", "/x/~", "GET"}, {"a", "/x/1/2", "GET"},
	} {
		file.Routes = append(file.Routes, routes.Route{Listener: r.listener, Path: r.path, Methods: strings.Fields(r.methods)})
	}
	var have []string
	for _, group := range file.Groups("a") {
		have = append(have, group.Path+" "+strings.Join(group.Allowed, ","))
		for _, route := range group.Routes {
			if routes.Shape(route.Path) != routes.Shape(group.Path) || route.Listener != "a" {
				t.Errorf("%s of %s is in the group %s", route.Path, route.Listener, group.Path)
			}
		}
	}
	want := []string{"/x POST", "/x/1 GET", "/x/1/2 GET", "/x/~ GET", "/x/{Id} DELETE,GET,PUT", "/x-y/z GET", "/{Any} GET"}
	if !slices.Equal(have, want) {
		t.Errorf("have %q\nwant %q", have, want)
	}
	if file.Groups("c") != nil {
		t.Error("a listener without routes has groups")
	}
}
