package routes_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

func TestParams(t *testing.T) {
	for _, c := range []struct {
		name, route, path string
		want              map[string]string // nil: not this route
	}{
		{"exact", "/a/b", "/a/b", map[string]string{}},
		{"named", "/a/{B}/c/{D}", "/a/1/c/2", map[string]string{"B": "1", "D": "2"}},
		{"other", "/a/b", "/a/c", nil},
		{"case", "/a/b", "/a/B", nil},
		{"slash at the end", "/a/b", "/a/b/", nil},
		{"empty param", "/a/{B}", "/a/", nil},
		{"longer", "/a/{B}", "/a/1/2", nil},
		{"shorter", "/a/{B}", "/a", nil},
		{"no slash", "/a/{B}", "a/1", nil},
		{"empty", "/a", "", nil},
		{"a param in the request", "/a/{B}", "/a/{B}", map[string]string{"B": "{B}"}},
	} {
		have, ok := (&routes.Route{Path: c.route}).Params(c.path)
		if ok != (c.want != nil) || !maps.Equal(have, c.want) {
			t.Errorf("%s: have %v %v, want %v", c.name, have, ok, c.want)
		}
	}
}

func TestGroupsPutSpecificFirst(t *testing.T) {
	want := []string{"/a", "/a/b", "/a/b/c", "/a/b/{X}", "/a/{X}", "/{X}/b", "/{X}/{Y}"}
	file := &routes.File{}
	for _, path := range slices.Backward(want) {
		file.Routes = append(file.Routes, routes.Route{Path: path})
	}
	var have []string
	for _, group := range file.Groups("") {
		have = append(have, group.Path)
	}
	if !slices.Equal(have, want) {
		t.Errorf("have %v", have)
	}
}

func TestLookups(t *testing.T) {
	file := read(t, "routes.yaml")
	for endpoint, want := range map[string]string{
		"token":        "https://127.0.0.1:8443/oauth2/token",
		"jwks":         "https://127.0.0.1:8444/oauth2/jwks",
		"registration": "https://127.0.0.1:8443/open-banking/v3.3/register",
		"revocation":   "",
	} {
		if have := file.EndpointURL(endpoint); have != want {
			t.Errorf("%s: have %q, want %q", endpoint, have, want)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		text string
		want routes.Address
		isIP bool
	}{
		{"unix:run/gate.sock", routes.Address{Socket: "run/gate.sock"}, false},
		{"127.0.0.1:80", routes.Address{Host: "127.0.0.1", Port: 80}, true},
		{"[::1]:80", routes.Address{Host: "::1", Port: 80}, true},
		{"bank.internal:80", routes.Address{Host: "bank.internal", Port: 80}, false},
	} {
		have, err := routes.ParseAddress(c.text)
		if err != nil || have != c.want || have.IsIP() != c.isIP {
			t.Errorf("%s: have %+v, %v", c.text, have, err)
		}
	}
}
