// Package test proves the product as a whole: its structure here, its behaviour through real Envoy and real Redis in
// the packages below.
package test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dcr-gateway/dcr-gateway/"

// directions says who may import whom: the design's "Directions". A package that starts with one of from may not import
// one that starts with one of never, except those that start with one of but. Names are relative to the module; a name
// with a dot in its first part is another module's.
var directions = []struct {
	name             string
	from, never, but []string
	tests            bool // also holds for the packages' tests
}{
	{
		name: "the registry knows neither the gate nor Envoy",
		from: []string{"dcrfilter"}, never: []string{"extauthz", "envoy", "github.com/envoyproxy/"},
	},
	{
		name: "Envoy's packages stay in the gate and in the edge",
		from: []string{""}, never: []string{"github.com/envoyproxy/"}, but: []string{"extauthz", "envoy", "test"},
	},
	{
		name: "Envoy's packages stay in the gate's outermost room",
		from: []string{"extauthz/filter", "config/routes"}, never: []string{"github.com/envoyproxy/", "google.golang.org/grpc"}, tests: true,
	},
	{
		name: "what the rooms share knows no room",
		from: []string{"internal", "proto"}, never: []string{"extauthz", "dcrfilter", "envoy", "sandbox", "test"},
	},
	{
		name: "rules are pure",
		from: []string{"dcrfilter/rule", "dcrfilter/dcr"},
		never: []string{"net/http/", "os", "io/fs", "github.com/", "gopkg.in/", "golang.org/", "google.golang.org/",
			"dcrfilter/store", "dcrfilter/token", "internal/outbound", "internal/jwks", "internal/redis", "internal/jose"},
	},
	{
		name: "Redis only in the store",
		from: []string{""}, never: []string{"github.com/redis/"}, but: []string{"dcrfilter/store", "internal/redis"},
	},
	{
		name:  "outbound HTTP only in the one guarded client",
		from:  []string{"internal/jwks", "extauthz", "dcrfilter/rule", "dcrfilter/store", "dcrfilter/token", "dcrfilter/directory", "dcrfilter/profile"},
		never: []string{"net/http/httputil", "net/http/cookiejar"},
	},
	{
		name: "the JOSE library only in the strict JOSE package",
		from: []string{""}, never: []string{"github.com/lestrrat-go/"}, but: []string{"internal/jose"},
	},
	{
		name: "conform judges from outside, and knows no room",
		from: []string{"cli/conform"}, never: []string{"extauthz", "dcrfilter", "envoy", "config", "control", "run", "cli/desk", "cli/admin", "proto", "internal/facts", "internal/jose"},
	},
	{
		name: "nobody imports the sandbox or the tests",
		from: []string{"extauthz", "dcrfilter", "envoy", "internal", "proto", "cli", "config", "control"}, never: []string{"sandbox", "test"},
	},
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func TestDirections(t *testing.T) {
	packages := list(t, "./...")
	if len(packages) < 10 {
		t.Fatalf("only %d packages found: the test does not see the module", len(packages))
	}
	for _, direction := range directions {
		t.Run(direction.name, func(t *testing.T) {
			for _, p := range packages {
				name := relative(p.ImportPath)
				if !inside(name, direction.from) || inside(name, direction.but) && len(direction.but) > 0 {
					continue
				}
				imports := p.Imports
				if direction.tests {
					imports = slices.Concat(imports, p.TestImports, p.XTestImports)
				}
				for _, imported := range imports {
					if inside(relative(imported), direction.never) {
						t.Errorf("%s imports %s", name, relative(imported))
					}
				}
			}
		})
	}
}

// TestProductionHasNoSandbox keeps what makes certificates and statements out of the image (lesson L16).
func TestProductionHasNoSandbox(t *testing.T) {
	main := list(t, "-tags=production", ".")
	if len(main) != 1 || len(main[0].Deps) == 0 {
		t.Fatalf("the program was not found: %v", main)
	}
	for _, dependency := range main[0].Deps { // the xDS library's log package has "testing" in it, which is harmless
		if inside(relative(dependency), []string{"sandbox", "test", "github.com/alicebob/"}) {
			t.Errorf("a production build holds %s", dependency)
		}
	}
}

// inside says whether the name is one of the folders, or in one of them.
func inside(name string, folders []string) bool {
	for _, folder := range folders {
		if folder == "" || name == folder || strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/") {
			return true
		}
	}
	return false
}

func relative(path string) string { return strings.TrimPrefix(path, module) }

func list(t *testing.T, arguments ...string) []goPackage {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps"}, arguments...)...)
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
