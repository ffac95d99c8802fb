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

// rooms are all folders that Go packages may lie in. A package anywhere else fails the test: a new room needs a
// direction first.
var rooms = []string{
	"config", "extauthz", "dcrfilter", "envoy", "control", "run", "cli", "proto", "internal", "docs", "sandbox", "test",
}

// domain are the rooms of dcrfilter that the gate and the registry share.
var domain = []string{
	"dcrfilter/dcr", "dcrfilter/rule", "dcrfilter/profile", "dcrfilter/directory", "dcrfilter/request",
	"dcrfilter/trust", "dcrfilter/token", "dcrfilter/store",
}

// directions says who may import whom. A package that starts with one of from may not import one that starts with one of
// never, except those that start with one of but. Names are relative to the module; a name with a dot in its first part
// is another module's. outside names packages of from that the direction does not hold for.
var directions = []struct {
	name             string
	from, never, but []string
	outside          []string
	tests            bool // also holds for the packages' tests
}{
	{
		name: "the registry knows neither the gate nor Envoy",
		from: []string{"dcrfilter"}, never: []string{"extauthz", "envoy", "control", "run", "cli", "github.com/envoyproxy/"},
	},
	{
		name: "the gate does not know the registry's server, nor the processes",
		from: []string{"extauthz"}, never: []string{"dcrfilter/registry", "control", "run", "cli"},
	},
	{
		name: "the domain knows no room above it",
		from: domain, never: []string{"extauthz", "dcrfilter/registry", "dcrfilter/keymanager", "config", "control", "envoy", "run", "cli", "docs"},
	},
	{
		name: "a version knows nothing of Envoy, of Redis, or of the processes that use it",
		from: []string{"config"},
		never: []string{"extauthz", "envoy", "control", "run", "cli", "dcrfilter/registry", "dcrfilter/store", "dcrfilter/token",
			"github.com/envoyproxy/", "github.com/redis/", "google.golang.org/grpc"},
	},
	{
		name: "Envoy's packages stay in the gate and in the edge",
		from: []string{""}, outside: []string{"extauthz", "envoy", "test"}, never: []string{"github.com/envoyproxy/"},
	},
	{
		name: "the checks and the routes know neither Envoy nor gRPC",
		from: []string{"extauthz/filter", "config"}, never: []string{"github.com/envoyproxy/", "google.golang.org/grpc"}, tests: true,
	},
	{
		name: "what the rooms share knows no room",
		from: []string{"internal", "proto"}, never: rooms, but: []string{"internal", "proto"},
	},
	{
		name: "nobody but the program knows the processes and the commands",
		from: []string{"config", "extauthz", "dcrfilter", "envoy", "control", "internal", "proto", "docs"}, never: []string{"run", "cli"},
	},
	{
		name: "rules are pure: the standard library and the words of the domain, without I/O",
		from: []string{"dcrfilter/rule", "dcrfilter/dcr"},
		never: []string{"net/http/", "os", "io/fs", "database/", "math/rand", "crypto/rand", "github.com/", "gopkg.in/", "golang.org/", "google.golang.org/",
			"dcrfilter/store", "dcrfilter/token", "dcrfilter/trust", "internal/outbound", "internal/fetched", "internal/jwks", "internal/redis", "internal/jose"},
	},
	{
		name: "Redis only in the store",
		from: []string{""}, outside: []string{"dcrfilter/store", "internal/redis"}, never: []string{"github.com/redis/"},
	},
	{
		name: "the JOSE library only in the strict JOSE package",
		from: []string{""}, outside: []string{"internal/jose"}, never: []string{"github.com/lestrrat-go/"},
	},
	{
		name:  "conform judges from outside, and knows no room",
		from:  []string{"cli/conform", "internal/dcrclient"},
		never: []string{"extauthz", "dcrfilter", "envoy", "config", "control", "run", "cli/desk", "cli/admin", "proto", "internal/facts", "internal/jose"},
	},
	{
		name: "a client of the gate shares no code with it: what conform and the TPP's tool send is signed by the standard library",
		from: []string{"internal/dcrclient", "sandbox/tpp", "test/harness"}, never: []string{"internal/jose", "internal/jwks", "internal/facts", "extauthz", "dcrfilter"},
	},
	{
		name: "the test kit is for tests",
		from: []string{""}, outside: []string{"internal/testkit", "test/testbed", "test/harness"}, never: []string{"internal/testkit"},
	},
	{
		name: "nobody imports the sandbox or the tests",
		from: []string{"config", "extauthz", "dcrfilter", "envoy", "control", "run", "cli", "internal", "proto", "docs"}, never: []string{"sandbox", "test"},
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
	for _, p := range packages {
		if name := relative(p.ImportPath); name != strings.TrimSuffix(module, "/") && !inside(name, rooms) {
			t.Errorf("%s lies in no room: name its room, and say in directions what it may import", name)
		}
	}
	for _, direction := range directions {
		t.Run(direction.name, func(t *testing.T) {
			for _, p := range packages {
				name := relative(p.ImportPath)
				if !inside(name, direction.from) || inside(name, direction.outside) {
					continue
				}
				imports := p.Imports
				if direction.tests {
					imports = slices.Concat(imports, p.TestImports, p.XTestImports)
				}
				for _, imported := range imports {
					if imported := relative(imported); inside(imported, direction.never) && !inside(imported, direction.but) {
						t.Errorf("%s imports %s", name, imported)
					}
				}
			}
		})
	}
}

// maxImports is how many packages of this module one package may import. One that needs more does the work of several
// rooms: move code to the room that it belongs to.
const maxImports = 12

// TestFanOut keeps what a package has to know small. Only run puts all parts together.
func TestFanOut(t *testing.T) {
	for _, p := range list(t, "./...") {
		ours := slices.DeleteFunc(p.Imports, func(imported string) bool { return !strings.HasPrefix(imported, module) })
		if name := relative(p.ImportPath); len(ours) > maxImports && name != "run" {
			t.Errorf("%s imports %d packages of this module, more than %d: %s", name, len(ours), maxImports, strings.Join(ours, " "))
		}
	}
}

// TestProductionHasNoSandbox keeps what makes certificates and statements out of the image.
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

// TestAVersionIsLight keeps what runs a gateway out of what only reads its files: `routes validate` on a developer's machine
// needs no Redis, no Envoy and no metrics.
func TestAVersionIsLight(t *testing.T) {
	version := list(t, "./config")
	if len(version) != 1 || len(version[0].Deps) == 0 {
		t.Fatalf("the package was not found: %v", version)
	}
	for _, dependency := range version[0].Deps {
		if inside(relative(dependency), []string{"control", "envoy", "extauthz", "dcrfilter/store", "github.com/redis", "github.com/envoyproxy",
			"github.com/prometheus", "google.golang.org/grpc", "go.opentelemetry.io/otel/sdk"}) {
			t.Errorf("reading a version needs %s", dependency)
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
