package routes

import (
	"errors"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// TestTraps: what people most often write that is not YAML is named, at its own line.
func TestTraps(t *testing.T) {
	const head = "issuer: https://bank.example\nupstreams:\n  bank:\n    address: \"127.0.0.1:80\"\n    timeout: 3s\nroutes:\n"
	for _, test := range []struct{ name, text, want string }{
		{"braces", head + "  - {name: x, path: /v1/{Id}, methods: [GET]}\n", `t:7:28: error: a value with {Name} needs quotes in a one-line object: "/path/{Name}" [yaml.syntax]`},
		{"one space too little", strings.Replace(head, "    timeout", "   timeout", 1), "t:5:4: error: the key is indented by 3, its neighbour in line 4 by 4 [yaml.syntax]"},
		{"two spaces too much", strings.Replace(head, "    timeout", "      timeout", 1), "t:5:7: error: the key is indented by 6, its neighbour in line 4 by 4 [yaml.syntax]"},
		{"a key of a list item", head + "  - name: x\n     path: /v1\n", "t:8:6: error: the key is indented by 5, its neighbour in line 7 by 4 [yaml.syntax]"},
		{"a tab", strings.Replace(head, "    timeout", "\ttimeout", 1), "t:5:1: error: a tab must not be here: indent with spaces [yaml.syntax]"},
		{"a tab after spaces", strings.Replace(head, "    timeout", "  \ttimeout", 1), "t:5:3: error: a tab must not be here: indent with spaces [yaml.syntax]"},
	} {
		_, err := Parse("t", []byte(test.text), t.TempDir())
		problems, _ := errors.AsType[yamlfile.Problems](err)
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), test.want) {
			t.Errorf("%s: have %v, want %s", test.name, err, test.want)
		}
	}
}

// TestItemsAreNamed: a route is named by its name, an address is not read from the environment, and what a merge key would
// add is not missing.
func TestItemsAreNamed(t *testing.T) {
	text := "upstreams:\n  bank: {address: \"${BANK_ADDRESS}\"}\n  other: {<<: *bank, timeout: 3s}\nroutes:\n  - {name: balances, path: v1, methods: [GET]}\n  - name: \"funds\"\n    path: /v1/*\n"
	_, err := Parse("t", []byte(text), t.TempDir())
	if err == nil {
		t.Fatal("it is good")
	}
	for _, want := range []string{
		"routes[0] (balances).path: ", "routes[1] (funds).path: ", "upstreams.bank.address: must be unix:PATH or HOST:PORT; variables are not replaced", "<< must not be here",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "upstreams.other: the key address is missing") || strings.Contains(err.Error(), "upstreams.other.address: ") {
		t.Errorf("what a merge key adds is called missing: %v", err)
	}
}
