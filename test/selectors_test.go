package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// uses says what code may not name, however it is imported: a selector such as net/http.DefaultClient. An import alone
// does not tell a server from a client.
var uses = []struct {
	name          string
	from, outside []string
	never         []string // import path, a dot, and a name; * is any name
	calls         []string // methods that may not be called on anything
}{
	{
		name: "outbound HTTP only in the one guarded client",
		from: []string{"config", "extauthz", "dcrfilter", "envoy", "control", "run", "internal", "docs"},
		// Envoy's supervisor speaks to the Envoy beside it, over a Unix socket or loopback.
		outside: []string{"internal/outbound", "internal/dcrclient", "envoy/edge"},
		never: []string{
			"net/http.Client", "net/http.Get", "net/http.Head", "net/http.Post", "net/http.PostForm", "net/http.DefaultClient",
			"net/http.DefaultTransport", "net/http.Transport", "net/http/httputil.*", "net/http/cookiejar.*", "golang.org/x/net/http2.Transport",
		},
	},
	{
		name: "rules know no clock and no chance",
		from: []string{"dcrfilter/rule", "dcrfilter/dcr"},
		never: []string{
			"time.Now", "time.Since", "time.Until", "time.After", "time.Sleep", "time.NewTimer", "time.NewTicker", "time.Tick",
			"math/rand.*", "math/rand/v2.*", "crypto/rand.*",
		},
	},
	{
		name: "only the store's scripts append to a stream",
		from: []string{""}, outside: []string{"dcrfilter/store", "test"},
		calls: []string{"XAdd"},
	},
}

func TestSelectors(t *testing.T) {
	files := goFiles(t)
	if len(files) < 100 {
		t.Fatalf("only %d files found: the test does not see the module", len(files))
	}
	for _, use := range uses {
		t.Run(use.name, func(t *testing.T) {
			for name, file := range files {
				if folder := path.Dir(name); inside(folder, use.from) && !inside(folder, use.outside) {
					for _, found := range selectors(file, use.never, use.calls) {
						t.Errorf("%s uses %s", name, found)
					}
				}
			}
		})
	}
}

// TestSelectorsAreFound shows that TestSelectors can fail.
func TestSelectorsAreFound(t *testing.T) {
	for _, row := range []struct {
		source string
		want   []string
	}{
		{`import "net/http"; var c = http.Client{}`, []string{"net/http.Client"}},
		{`import "net/http"; var c = &http.Client{}`, []string{"net/http.Client"}},
		{`import h "net/http"; var c h.Client`, []string{"net/http.Client"}},
		{`import . "net/http"; var c Client`, []string{"net/http.*"}},
		{`import "net/http"; func f() { http.Get("") }`, []string{"net/http.Get"}},
		{`import "net/http"; var get = http.DefaultClient.Get`, []string{"net/http.DefaultClient"}},
		{`import "net/http"; var s http.Server`, nil},
		{`import "math/rand/v2"; var n = rand.N(7)`, []string{"math/rand/v2.*"}},
		{`import "crypto/rand"; var n = rand.Text()`, nil},
		{`import "time"; var now = time.Now`, []string{"time.Now"}},
		{`import "time"; var second = time.Second`, nil},
		{`func f(c interface{ XAdd() }) { c.XAdd() }`, []string{".XAdd"}},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+row.source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		never := []string{"net/http.Client", "net/http.Get", "net/http.DefaultClient", "math/rand/v2.*", "time.Now"}
		if got := selectors(file, never, []string{"XAdd"}); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.source, got, row.want)
		}
	}
}

// selectors are the names of never, and the methods of calls, that the file uses.
func selectors(file *ast.File, never, calls []string) (found []string) {
	imported := map[string]string{} // by the name that the file uses
	for _, spec := range file.Imports {
		from, _ := strconv.Unquote(spec.Path.Value)
		name := strings.TrimSuffix(from, "/v2")
		name = path.Base(name)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." && slices.ContainsFunc(never, func(n string) bool { return strings.HasPrefix(n, from+".") }) {
			found = append(found, from+".*")
		}
		imported[name] = from
	}
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if slices.Contains(calls, selector.Sel.Name) {
			found = append(found, "."+selector.Sel.Name)
		}
		if left, ok := selector.X.(*ast.Ident); ok && imported[left.Name] != "" {
			for _, name := range []string{imported[left.Name] + "." + selector.Sel.Name, imported[left.Name] + ".*"} {
				if slices.Contains(never, name) {
					found = append(found, name)
				}
			}
		}
		return true
	})
	return found
}

// goFiles parses the module's files, but for tests and what other tools make, by their names relative to the module.
func goFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir("..", func(name string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "testdata" || entry.Name() == "tools"):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		files[filepath.ToSlash(strings.TrimPrefix(name, ".."+string(filepath.Separator)))] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
